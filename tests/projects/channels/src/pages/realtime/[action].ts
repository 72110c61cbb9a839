import { channels, RealtimeError, socket } from 'zastro:realtime';
import type { APIRoute } from 'astro';

interface Request {
	readonly room: string;
	readonly text: string;
	readonly id: string;
	readonly last: number;
	readonly since: string;
	readonly user: string;
	readonly users: readonly string[];
	readonly texts: readonly string[];
}

/** What a site's pages do with channels. */
export const POST: APIRoute = async ({ params: { action }, request }) => {
	const { room, text, id, last, since, user, users, texts }: Request = await request.json();
	try {
		return Response.json((await act()) ?? null);
	} catch (error) {
		return Response.json({ error: String(error) }, { status: 500 });
	}

	async function act(): Promise<unknown> {
		switch (action) {
			case 'publish':
				return channels.rooms({ room }).publish('said', { by: 'a page', text }, id ? { id } : {});
			case 'burst':
				return Promise.all(texts.map((text) => attempt(room, text)));
			case 'whisper':
				return channels.rooms({ room }).publish('whispered', { by: 'a page', text });
			case 'short':
				return channels.short({ id: room }).publish('said', { by: 'a page', text });
			case 'quiet':
				return channels.quiet({ id: room }).publish('said', { by: 'a page', text });
			case 'snapshot':
				return channels.rooms({ room }).snapshot('said', { by: 'a page', text }, since);
			case 'short-snapshot':
				return channels.short({ id: room }).snapshot('said', { by: 'a page', text }, since);
			case 'quiet-snapshot':
				return channels.quiet({ id: room }).snapshot('said', { by: 'a page', text }, since);
			case 'fold':
				return fold(room, texts);
			case 'history':
				return channels.rooms({ room }).history(since ? { since } : { last });
			case 'short-history':
				return channels.short({ id: room }).history({ since });
			case 'quiet-history':
				return channels.quiet({ id: room }).history({ since });
			case 'members':
				return channels.people({ id: room }).members();
			case 'disconnect':
				return channels.rooms({ room }).disconnect(user);
			case 'online':
				return socket.isOnline(user);
			case 'send':
				return socket.to(users).send({ text });
			case 'unawaited':
				void channels.rooms({ room }).publish('said', { by: 'a page', text });
				void socket.to(users).send({ text });
				return undefined;
			case 'outside':
				return socket.send(text);
		}
		throw new Error(`unknown: ${action}`);
	}
};

/** Takes a snapshot of all that was said, while more is said. */
async function fold(room: string, texts: readonly string[]): Promise<boolean> {
	const channel = channels.rooms({ room });
	const { messages, position } = await channel.history();
	const said = messages.flatMap(({ event, data }) => (event === 'said' ? [data.text] : []));
	const others = texts.map((text) => channel.publish('said', { by: 'a page', text }));
	const all = { by: 'a page', text: said.join(' ') };
	const isTaken = await channel.snapshot('said', all, position);
	await Promise.all(others);
	return isTaken;
}

/** What became of a message: its position, or the code of the error. */
async function attempt(id: string, text: string): Promise<{ position: string } | { code: string }> {
	try {
		return { position: String(await channels.soak({ id }).publish('said', { text })) };
	} catch (error) {
		return { code: error instanceof RealtimeError ? error.code : String(error) };
	}
}
