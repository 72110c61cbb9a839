import type { APIContext } from 'astro';

/** A real site takes the user from its session. This one believes a cookie. */
export function authenticate({ cookies }: APIContext): { id: string } | undefined {
	const id = cookies.get('name')?.value;
	return id ? { id } : undefined;
}
