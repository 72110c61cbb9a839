/**
 * A chat room, written directly against Cloudflare's API. The sockets hibernate: between messages
 * the room is not in memory, and only the connections remain. So the data of each guest is attached
 * to the socket, and the tags tell who is present.
 */
import { DurableObject } from 'cloudflare:workers';

interface Guest {
	name: string;
	said: number;
}

export class Room extends DurableObject<Env> {
	/** The number of messages that this instance has seen. An eviction resets it. */
	#seen = 0;

	constructor(state: DurableObjectState, env: Env) {
		super(state, env);
		this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
	}

	override async fetch(request: Request): Promise<Response> {
		const name = new URL(request.url).searchParams.get('name');
		if (!name) return new Response('Who are you?', { status: 400 });
		if (this.ctx.getWebSockets(name).length > 0) {
			return new Response(`There is a ${name} here.`, {
				status: 409,
				headers: { 'X-Guests': String(this.ctx.getWebSockets().length) },
			});
		}
		const { 0: client, 1: server } = new WebSocketPair();
		this.ctx.acceptWebSocket(server, [name]);
		server.serializeAttachment({ name, said: 0 } satisfies Guest);
		this.#broadcast(`${name} came`);
		return new Response(null, { status: 101, webSocket: client });
	}

	override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
		const guest: Guest = socket.deserializeAttachment();
		guest.said += 1;
		socket.serializeAttachment(guest);
		this.#seen += 1;
		this.#broadcast(`${guest.name} (${guest.said} of ${this.#seen}): ${message}`);
	}

	override webSocketClose(socket: WebSocket, code: number, reason: string): void {
		const { name }: Guest = socket.deserializeAttachment();
		// 1005, 1006 and 1015 stand for a missing code. They cannot be sent.
		if ([1005, 1006, 1015].includes(code)) socket.close();
		else socket.close(code, reason);
		this.#broadcast(`${name} left: ${code} ${reason}`);
	}

	#broadcast(text: string): void {
		for (const socket of this.ctx.getWebSockets()) {
			if (socket.readyState === WebSocket.OPEN) socket.send(text);
		}
	}
}
