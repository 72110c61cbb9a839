/** A site for tests: a server with a function in place of Astro. */

import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { WebSocket } from 'ws';
import type { WebSocketHooks } from '../../handshake/hooks.ts';
import type { UpgradeWebSocketOptions, WebSocketLocals } from '../../locals/types.ts';
import { type ResolvedWebSocketOptions, WEBSOCKET_DEFAULTS } from '../../options/options.ts';
import { configureApp } from '../handshake/host.ts';
import { withWebSocketLocals } from './app.ts';
import { createWebSocketHost, type WebSocketHost, withHost } from './server.ts';

export type Route = (
	locals: WebSocketLocals,
	response: ServerResponse,
	request: IncomingMessage,
) => unknown;

export interface SiteOptions {
	readonly options?: Partial<ResolvedWebSocketOptions>;
	readonly hooks?: WebSocketHooks;
	/** The paths of the routes. Default: every path. */
	readonly paths?: readonly string[];
	/** Sets the server up. Default: attaches the site to it. */
	setUp?(server: http.Server, host: WebSocketHost): void;
}

export interface Answer {
	readonly status: number;
	readonly headers: IncomingMessage['headers'];
	readonly body: string;
}

export interface Site {
	readonly server: http.Server;
	readonly host: WebSocketHost;
	readonly port: number;
	/** The log, with errors as their messages. */
	readonly log: string[];
	/** Opens a raw connection and sends a handshake. */
	handshake(headers?: Record<string, string>, path?: string): Socket;
	/** The response to a handshake that is not accepted. */
	answer(headers?: Record<string, string>, path?: string): Promise<Answer>;
	connect(protocols?: string[]): WebSocket;
	/** Opens a connection. */
	open(headers?: Record<string, string>, path?: string): Promise<WebSocket>;
}

const HANDSHAKE = {
	Connection: 'Upgrade',
	Upgrade: 'websocket',
	'Sec-WebSocket-Version': '13',
	'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

export async function serve(
	context: TestContext,
	route: Route,
	{ options, hooks = {}, paths, setUp }: SiteOptions = {},
): Promise<Site> {
	const log: string[] = [];
	const app = {
		adapterLogger: {
			warn: (line: string) => log.push(line),
			error: (line: string) => log.push(line),
		},
		getAllowedDomains: () => [{ hostname: 'allowed.example' }],
		match: ({ url }: Request) =>
			paths === undefined || paths.includes(new URL(url).pathname) || undefined,
	};
	context.mock.method(console, 'error', (error: unknown) => log.push(String(error)));
	configureApp(app, { websocket: { ...WEBSOCKET_DEFAULTS, ...options } }, hooks);
	const handler = withWebSocketLocals(async (request, response, _next, locals) => {
		await route(locals as WebSocketLocals, response, request);
	}, app);
	const host = createWebSocketHost(handler, app);
	const server = http.createServer(withHost(handler, app));
	if (setUp === undefined) host.attachWebSocket(server);
	else setUp(server, host);
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	const sockets = new Set<Socket>();
	server.on('connection', (socket) => sockets.add(socket));
	context.after(async () => {
		for (const socket of sockets) socket.destroy();
		server.close();
		await once(server, 'close');
	});
	return {
		server,
		host,
		port,
		log,
		handshake(headers = {}, path = '/') {
			const socket = connect(port, '127.0.0.1');
			socket.on('error', () => {});
			const lines = Object.entries({ Host: 'x', ...HANDSHAKE, ...headers });
			socket.write(
				`GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
			);
			return socket;
		},
		async answer(headers = {}, path = '/') {
			const request = http.get({ port, path, headers: { ...HANDSHAKE, ...headers } });
			const [response] = (await once(request, 'response')) as [IncomingMessage];
			const chunks: Buffer[] = [];
			for await (const chunk of response) chunks.push(chunk);
			const body = Buffer.concat(chunks).toString();
			return { status: response.statusCode ?? 0, headers: response.headers, body };
		},
		connect(protocols = []) {
			const client = new WebSocket(`ws://127.0.0.1:${port}/`, protocols);
			client.on('error', () => {});
			return client;
		},
		async open(headers = {}, path = '/') {
			const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
			client.on('error', () => {});
			await once(client, 'open');
			return client;
		},
	};
}

/** Writes a response like Astro's `writeResponse`. */
export function writeResponse(source: Response, response: ServerResponse): void {
	response.writeHead(source.status, Object.fromEntries(source.headers));
	response.end();
}

/** A route that accepts and echoes messages. */
export function accept(options?: UpgradeWebSocketOptions): Route {
	return (locals, response) => {
		const { socket, response: accepted } = locals.upgradeWebSocket(options);
		socket.onmessage = (event) => socket.send(`echo ${event.data}`);
		writeResponse(accepted, response);
	};
}
