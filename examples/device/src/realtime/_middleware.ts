import { DEVICES } from 'astro:env/server';
import type { APIContext } from 'astro';

/**
 * A device shows its token in a header, and never in the URL, which ends up in logs. Pages have no
 * token. A real site keeps hashes of the tokens in its database.
 */
export function authenticate({ request }: APIContext): { id: string } | Response | undefined {
	const [, token] = /^Bearer (.+)$/.exec(request.headers.get('Authorization') ?? '') ?? [];
	if (!token) return;
	for (const device of DEVICES.split(',')) {
		const [id, own] = device.split(':');
		if (id && own === token) return { id };
	}
	return new Response('No device has this token.', { status: 401 });
}
