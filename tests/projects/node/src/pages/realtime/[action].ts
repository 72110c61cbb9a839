import { channels, socket } from 'zastro:realtime';
import type { APIRoute } from 'astro';

interface Request {
	readonly room: string;
	readonly text: string;
	readonly id: string;
	readonly last: number;
	readonly since: string;
	readonly user: string;
	readonly users: readonly string[];
}

/** What a site's pages do with channels. */
export const POST: APIRoute = async ({ params: { action }, request }) => {
	const { room, text, id, last, since, user, users }: Request = await request.json();
	try {
		return Response.json((await act()) ?? null);
	} catch (error) {
		return Response.json({ error: String(error) }, { status: 500 });
	}

	async function act(): Promise<unknown> {
		switch (action) {
			case 'publish':
				return channels.rooms({ room }).publish('said', { by: 'a page', text }, id ? { id } : {});
			case 'whisper':
				return channels.rooms({ room }).publish('whispered', { by: 'a page', text });
			case 'short':
				return channels.short({ id: room }).publish('said', { by: 'a page', text });
			case 'quiet':
				return channels.quiet({ id: room }).publish('said', { by: 'a page', text });
			case 'history':
				return channels.rooms({ room }).history(since ? { since } : { last });
			case 'members':
				return channels.people({ id: room }).members();
			case 'disconnect':
				return channels.rooms({ room }).disconnect(user);
			case 'online':
				return socket.isOnline(user);
			case 'send':
				return socket.to(users).send({ text });
			case 'outside':
				return socket.send(text);
		}
		throw new Error(`unknown: ${action}`);
	}
};
