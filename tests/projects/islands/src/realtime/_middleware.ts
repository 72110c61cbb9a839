import type { APIContext } from 'astro';

/** Believes the address. */
export function authenticate({ request }: APIContext): { id: string } {
	return { id: request.headers.get('x-user') ?? 'visitor' };
}
