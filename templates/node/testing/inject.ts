import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { WebSocket } from 'ws';
import { type Carrier, InjectedSocket } from '../../realtime/testing/injected-socket.ts';
import { cookieHeader, HandshakeRefused, type VisitOptions } from '../../realtime/testing/visit.ts';
import { DEFAULT_TIMEOUT } from '../../realtime/testing/wait.ts';
import type { WebSocketHost } from '../site/server.ts';
import { InProcessSocket } from './in-process-socket.ts';

export interface InjectOptions extends Pick<VisitOptions, 'headers' | 'cookies'> {
	/** The subprotocols that the client offers. */
	readonly protocols?: readonly string[] | undefined;
	/**
	 * The built site: the path or the `file:` URL of its entry, relative to the working directory.
	 * Default: `dist/server/entry.mjs`.
	 */
	readonly entry?: string | URL | undefined;
	/**
	 * Your own server around the site, in `mode: 'middleware'`, or that of `startDevServer()`. It need not
	 * listen.
	 */
	readonly server?: Server | undefined;
	/** Milliseconds until a wait for this socket fails. Default: 1000. */
	readonly timeout?: number | undefined;
}

/** What the entry of a built site exports. */
interface Entry extends Pick<WebSocketHost, 'attachWebSocket'> {
	readonly handler: RequestListener;
}

/** The servers of built sites, by their entries. They never listen. */
const servers = new Map<string, Promise<Server>>();

/**
 * Makes a WebSocket handshake with a site in this process, without a port: a built one, if there is no
 * `server`.
 *
 * @param path The path of the route, with its query.
 * @returns the socket once it is open.
 * @throws HandshakeRefused with the response of a site that refuses.
 */
export async function injectWebSocket(
	path: string,
	options: InjectOptions = {},
): Promise<InjectedSocket> {
	const { headers, cookies, protocols = [], timeout = DEFAULT_TIMEOUT } = options;
	const server = options.server ?? (await serverOf(options.entry ?? 'dist/server/entry.mjs'));
	const [client, accepted] = InProcessSocket.pair();
	const cookie = cookieHeader(cookies);
	const socket = new WebSocket(new URL(path, 'ws://localhost'), [...protocols], {
		headers: { ...headers, ...(cookie !== undefined && { cookie }) },
		createConnection: () => client as never,
		perMessageDeflate: false,
	});
	const opened = open(socket, timeout);
	server.emit('connection', accepted);
	return await opened;
}

function open(socket: WebSocket, timeout: number): Promise<InjectedSocket> {
	return new Promise((resolve, reject) => {
		socket.on('upgrade', (response: IncomingMessage) => {
			// Made before the first message can arrive.
			const injected = new InjectedSocket(carrierOf(socket), headersOf(response), timeout);
			socket.on('open', () => resolve(injected));
		});
		socket.on('unexpected-response', (_request: unknown, response: IncomingMessage) => {
			responseOf(response).then(
				async (refused) => reject(await HandshakeRefused.of(refused)),
				reject,
			);
		});
		socket.on('error', reject);
	});
}

function carrierOf(socket: WebSocket): Carrier {
	return {
		get protocol() {
			return socket.protocol;
		},
		send: (message) => socket.send(message),
		close: (code, reason) => socket.close(code, reason),
		drop: () => socket.terminate(),
		listen({ message, closed }) {
			socket.on('message', (data: Buffer, isBinary: boolean) => {
				message(isBinary ? new Uint8Array(data) : data.toString());
			});
			socket.on('close', (code, reason) => closed({ code, reason: reason.toString() }));
			// `close` follows.
			socket.on('error', () => {});
		},
	};
}

function serverOf(entry: string | URL): Promise<Server> {
	const isUrl = entry instanceof URL || entry.startsWith('file:');
	const url = isUrl ? new URL(entry) : pathToFileURL(resolve(entry));
	const known = servers.get(url.href) ?? start(url);
	servers.set(url.href, known);
	return known;
}

async function start(url: URL): Promise<Server> {
	if (!existsSync(url)) {
		throw new Error(
			`There is no built site at ${fileURLToPath(url)}. Run \`astro build\` first, or give its \`entry\`.`,
		);
	}
	// The entry of a standalone site would listen on its port.
	process.env.ASTRO_NODE_AUTOSTART = 'disabled';
	const { handler, attachWebSocket }: Entry = await import(url.href);
	const server = createServer((request, response) => handler(request, response));
	attachWebSocket(server);
	return server;
}

async function responseOf(message: IncomingMessage): Promise<Response> {
	const chunks: Buffer[] = [];
	for await (const chunk of message) chunks.push(chunk);
	const status = message.statusCode ?? 500;
	const hasBody = status >= 200 && ![204, 205, 304].includes(status);
	return new Response(hasBody ? Buffer.concat(chunks) : null, {
		status,
		statusText: message.statusMessage ?? '',
		headers: headersOf(message),
	});
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
	const headers = new Headers();
	for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
		headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
	}
	return headers;
}
