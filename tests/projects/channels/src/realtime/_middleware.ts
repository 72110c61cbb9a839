import type { APIContext } from 'astro';
import { record } from '../journal';
import type { RealtimeMessage } from '../realtime-message';

interface User {
	readonly id: string;
	readonly name?: string;
	readonly expires?: number;
}

/** Believes a header, or the token of a client. `banned` is refused, and nobody is a visitor. */
export function authenticate({ request }: APIContext): User | Response | undefined {
	const user = request.headers.get('x-user-json');
	if (user !== null) return JSON.parse(user);
	const token = request.headers.get('authorization')?.replace('Bearer ', '');
	const id = token ?? request.headers.get('x-user');
	if (id === null) return undefined;
	if (id === 'banned') return new Response('You are banned.', { status: 403 });
	return { id, name: id.toUpperCase() };
}

export function onOnline(id: string): void {
	record(`user-${id}`, 'online');
}

export function onOffline(id: string): void {
	record(`user-${id}`, 'offline');
}

export function onError(error: unknown, message?: RealtimeMessage): void {
	record(`errors-${message?.user?.id}`, error instanceof Error ? error.message : String(error));
}
