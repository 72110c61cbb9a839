import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import {
	asksForWebSocket,
	type HandshakeRequest,
	handshakeRequest,
	malformation,
	tokens,
} from '../../handshake/handshake.ts';
import { Notices } from '../../handshake/notices.ts';
import { refusalHeaders } from '../../handshake/refusal.ts';
import { answerTo, passOn } from './relay-answer.ts';

/** The used part of a server. */
export interface UpgradeServer {
	emit(event: string, ...args: unknown[]): boolean;
	/** Whether an upgrade is accepted. Node before 22.23 does not call it. */
	shouldUpgradeCallback?: (request: IncomingMessage) => boolean;
}

/** The options of a relay. */
export interface RelayOptions {
	/** The folder of the site. */
	readonly root: string;
	/** Whether the server answers the request instead of the Worker. */
	isAnswered(request: IncomingMessage): boolean;
	/** Reports an exception of the Worker to the developer. */
	report(message: string): void;
}

/** A handshake passed to the Worker by Cloudflare's plugin. */
interface Relay extends RelayOptions {
	/** Logs the reasons of refused handshakes. */
	readonly notices: Notices;
	readonly request: IncomingMessage;
	readonly socket: Duplex;
	/** Whether the request of the plugin has been seen. */
	hasStarted: boolean;
}

/** Node's `lib/_http_outgoing.js`: the response assigned to a socket. */
interface Connection extends Duplex {
	readonly _httpMessage?: object | null;
}

/** Longer origins are truncated in the log. */
const LONGEST_ORIGIN = 200;

const relays = new AsyncLocalStorage<Relay>();

/** Cloudflare's plugin and Vite identify Vite's own connections by these subprotocols. */
const PROTOCOL = 'sec-websocket-protocol';
const HOT_UPDATE = ['vite-hmr', 'vite-ping'];

/**
 * Cloudflare's plugin answers an upgrade with a request of its own to the Worker, and hides the
 * response from the client. A refusal becomes a dropped connection, and the subprotocol is always
 * the first offer. The plugin also ignores every subprotocol that starts with "vite", and
 * recognises `Upgrade: websocket` in lower case only.
 *
 * The relay therefore normalises each handshake for the plugin. It also intercepts the plugin's
 * request to the Worker, which uses `node:http`.
 */
export function relayHandshakes(server: UpgradeServer, options: RelayOptions): void {
	listen();
	const notices = new Notices(options.report);
	const { emit, shouldUpgradeCallback } = server;
	// Other requests remain ordinary, and keep their body.
	if (shouldUpgradeCallback !== undefined) {
		server.shouldUpgradeCallback = (request) =>
			isUpgrade(request) && shouldUpgradeCallback.call(server, request);
	}
	server.emit = (event: string, ...args: unknown[]): boolean => {
		const proceed = (): boolean => emit.call(server, event, ...args);
		if (event !== 'upgrade' && event !== 'request') return proceed();
		const [request, socket] = args as [IncomingMessage, Connection];
		if (event === 'request') {
			// workerd would treat it as a handshake.
			setHeader(request, 'upgrade', undefined);
			return proceed();
		}
		// Pipelined behind a request whose response is still being written. Clients must not do so (RFC
		// 6455 section 4.1: they wait for the response), and two responses cannot share the socket.
		if (socket._httpMessage) {
			socket.destroy();
			return true;
		}
		const protocol = request.headers[PROTOCOL];
		if (HOT_UPDATE.includes(String(protocol))) return proceed();
		if (!isUpgrade(request) || options.isAnswered(request)) {
			return server.emit('request', request, answerTo(request, socket));
		}
		const malformed = malformation(partsOf(request));
		if (malformed !== undefined) {
			const answer = answerTo(request, socket);
			answer.writeHead(malformed.status, refusalHeaders(malformed));
			answer.end(malformed.message);
			return true;
		}
		setHeader(request, 'upgrade', 'websocket');
		// Whoever explains a refusal reads its body.
		if (request.headers['accept-encoding'] !== undefined) {
			setHeader(request, 'accept-encoding', 'identity');
		}
		// The Worker still gets it: the plugin passes the raw headers on.
		if (protocol?.startsWith('vite')) delete request.headers[PROTOCOL];
		return relays.run({ ...options, notices, request, socket, hasStarted: false }, proceed);
	};
}

function isUpgrade(request: IncomingMessage): boolean {
	return asksForWebSocket(partsOf(request));
}

function partsOf({ method, headers }: IncomingMessage): HandshakeRequest {
	return handshakeRequest(method, (name) => headers[name]?.toString());
}

let isListening = false;

function listen(): void {
	if (isListening) return;
	isListening = true;
	subscribe('http.client.request.start', (message) => {
		const { request } = message as { request: ClientRequest };
		const relay = relays.getStore();
		if (relay === undefined || relay.hasStarted || request.getHeader('upgrade') === undefined)
			return;
		relay.hasStarted = true;
		intercept(request, relay);
	});
}

/**
 * Intercepts the Worker's response: passes a refusal on, and keeps the subprotocol of an
 * acceptance.
 */
function intercept(
	toWorker: ClientRequest,
	{ request, socket, root, report, notices }: Relay,
): void {
	toWorker.prependOnceListener('upgrade', (answer: IncomingMessage, worker: Duplex) => {
		// The plugin's server would leak the Worker's end of a closed connection.
		if (socket.destroyed) worker.destroy();
		track(root, socket);
		// The plugin's server takes the first offer, so only the Worker's selection is left. The
		// plugin's client fails if none was selected, but that is the decision of the real client.
		const { [PROTOCOL]: chosen } = answer.headers;
		if (chosen === undefined) {
			const [first] = tokens(toWorker.getHeader(PROTOCOL)?.toString());
			if (first !== undefined) answer.headers[PROTOCOL] = first;
			delete request.headers[PROTOCOL];
		} else request.headers[PROTOCOL] = chosen;
	});
	// The plugin would drop the connection.
	toWorker.removeAllListeners('response');
	toWorker.once('response', (answer) => {
		const explain = (): string => {
			const origin = JSON.stringify(String(request.headers.origin).slice(0, LONGEST_ORIGIN));
			const text = `A WebSocket handshake with the origin ${origin} was refused with 403. Add the origin to \`websocket.allowedOrigins\` if pages of it may connect.`;
			notices.tell('origin', text);
			return text;
		};
		passOn(answer, answerTo(request, socket), report, explain).catch(() => socket.destroy());
	});
}

/** The open connections, by the folders of their sites. */
const relayed = new Map<string, Set<Duplex>>();

function track(root: string, socket: Duplex): void {
	const sockets = relayed.get(root) ?? new Set();
	relayed.set(root, sockets.add(socket));
	socket.once('close', () => sockets.delete(socket));
}

/** RFC 6455 section 5.5.1: a close frame with 1001, going away. */
const GOING_AWAY = Uint8Array.of(0x88, 0x02, 0x03, 0xe9);

/** Milliseconds for which a restart waits for clients to close. */
const GRACE = 500;

/**
 * Closes the connections of a site before a restart stops the Worker, so that clients know they may
 * reconnect. Only whole frames are written to a connection, so a close frame can follow them.
 */
export async function closeRelayed(root: string): Promise<void> {
	const sockets = [...(relayed.get(root) ?? [])];
	if (sockets.length === 0) return;
	const closed = sockets.map((socket) => once(socket, 'close'));
	for (const socket of sockets) socket.write(GOING_AWAY);
	await Promise.race([Promise.allSettled(closed), setTimeout(GRACE)]);
}

/** Sets or removes a header in both of its forms. */
function setHeader(request: IncomingMessage, name: string, value: string | undefined): void {
	const { rawHeaders } = request;
	for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
		if (rawHeaders[index]?.toLowerCase() !== name) continue;
		if (value === undefined) rawHeaders.splice(index, 2);
		else rawHeaders[index + 1] = value;
	}
	if (value === undefined) delete request.headers[name];
	else request.headers[name] = value;
}
