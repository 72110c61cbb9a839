// The benchmark's baseline of channels: a hibernating room as someone would write it by hand. It
// orders, keeps and sends on messages, and has no sessions, schemas, limits or answers that outlive
// a loss. It speaks the part of the protocol that the load needs.
import { DurableObject } from 'cloudflare:workers';

/** Messages that are kept. */
const SIZE = 100;

export class Room extends DurableObject {
	constructor(context, env) {
		super(context, env);
		this.sql = context.storage.sql;
		this.sql.exec(`CREATE TABLE IF NOT EXISTS log
			(slot INTEGER PRIMARY KEY, number INTEGER, at INTEGER, sender TEXT, data TEXT)`);
		this.last = this.sql.exec('SELECT max(number) AS last FROM log').one().last ?? 0;
		this.sessions = new Map();
		for (const socket of context.getWebSockets()) {
			this.sessions.set(socket, socket.deserializeAttachment());
		}
	}

	fetch() {
		const { 0: webSocket, 1: socket } = new WebSocketPair();
		this.ctx.acceptWebSocket(socket);
		const session = { id: crypto.randomUUID() };
		socket.serializeAttachment(session);
		this.sessions.set(socket, session);
		const headers = { 'sec-websocket-protocol': 'zastro-realtime.v1' };
		return new Response(null, { status: 101, webSocket, headers });
	}

	webSocketMessage(socket, message) {
		const [type, ref, ...parts] = JSON.parse(message);
		if (type === 'join') this.join(socket, ref, parts[2]);
		else if (type === 'send') {
			const [number, , data] = parts;
			this.publish(data, this.sessions.get(socket).id);
			socket.send(JSON.stringify(['reply', ref, number, data.text.length]));
		}
	}

	webSocketClose(socket, code) {
		this.sessions.delete(socket);
		// Codes that stand for no close frame cannot be sent.
		if (code < 1005) socket.close(code);
	}

	join(socket, ref, { since }) {
		const position = since ?? String(this.last);
		socket.send(JSON.stringify(['joined', ref, 1, { position }]));
		if (since === undefined) return;
		const query = 'SELECT number, at, sender, data FROM log WHERE number > ? ORDER BY number';
		for (const row of this.sql.exec(query, Number(since))) socket.send(frame(row));
	}

	publish(data, sender) {
		const row = { number: ++this.last, at: Date.now(), sender, data: JSON.stringify(data) };
		this.sql.exec(
			'INSERT OR REPLACE INTO log (slot, number, at, sender, data) VALUES (?, ?, ?, ?, ?)',
			row.number % SIZE,
			row.number,
			row.at,
			row.sender,
			row.data,
		);
		const text = frame(row);
		for (const socket of this.sessions.keys()) socket.send(text);
	}
}

function frame({ number, at, sender, data }) {
	return `["event",1,"${number}",${at},${JSON.stringify(sender)},"said",${data}]`;
}

export default {
	fetch(request, env) {
		const { pathname, searchParams } = new URL(request.url);
		if (pathname !== '/bench-publish') {
			return env.ROOMS.getByName(searchParams.get('param.room')).fetch(request);
		}
		const room = env.ROOMS.getByName('0');
		const { 0: webSocket, 1: socket } = new WebSocketPair();
		socket.accept();
		socket.addEventListener('message', ({ data }) => room.publish({ text: data }, null));
		return new Response(null, { status: 101, webSocket });
	},
};
