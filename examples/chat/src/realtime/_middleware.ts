import type { APIContext } from 'astro';

interface User {
	id: string;
	name: string;
}

/** A real site takes the user from its session. This one believes a cookie. */
export function authenticate({ cookies }: APIContext): User | undefined {
	const name = cookies.get('name')?.value;
	return name ? { id: name, name } : undefined;
}
