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

/** The part of a server that is needed here. */
export interface UpgradeServer {
	emit(event: string, ...args: unknown[]): boolean;
	/** Whether an upgrade is let through; Node before 22.23 does not ask. */
	shouldUpgradeCallback?: (request: IncomingMessage) => boolean;
}

/** Whose handshakes are passed on. */
export interface RelayOptions {
	/** The folder of the site. */
	readonly root: string;
	/** Whether the server answers itself, and not the Worker. */
	isAnswered(request: IncomingMessage): boolean;
	/** Tells whoever develops the site what the Worker threw. */
	report(message: string): void;
}

/** A handshake that Cloudflare's plugin passes on to the Worker. */
interface Relay extends RelayOptions {
	/** Logs why handshakes are refused. */
	readonly notices: Notices;
	readonly request: IncomingMessage;
	readonly socket: Duplex;
	/** Whether the plugin's own request has been seen. */
	isUnderWay: boolean;
}

/** `lib/_http_outgoing.js`: the response that is assigned to a socket. */
interface Connection extends Duplex {
	readonly _httpMessage?: object | null;
}

/** Longer origins are cut off in the log. */
const LONGEST_ORIGIN = 200;

const relays = new AsyncLocalStorage<Relay>();

/** Cloudflare's plugin and Vite know theirs by them. */
const PROTOCOL = 'sec-websocket-protocol';
const HOT_UPDATE = ['vite-hmr', 'vite-ping'];

/**
 * Cloudflare's plugin answers an upgrade by a request of its own to the Worker, and keeps from the
 * client what that one answers: a refusal becomes a connection that is cut off, and the subprotocol
 * always the first that was offered. It also passes over every subprotocol that begins with "vite",
 * and knows `Upgrade: websocket` in lower case only.
 *
 * So each handshake is handed to it in a form that it knows, and its request to the Worker, which
 * is one of `node:http`, is overheard.
 */
export function relayHandshakes(server: UpgradeServer, options: RelayOptions): void {
	listen();
	const notices = new Notices(options.report);
	const { emit, shouldUpgradeCallback } = server;
	// What is no handshake stays an ordinary request, and keeps its body.
	if (shouldUpgradeCallback !== undefined) {
		server.shouldUpgradeCallback = (request) =>
			isUpgrade(request) && shouldUpgradeCallback.call(server, request);
	}
	server.emit = (event: string, ...args: unknown[]): boolean => {
		const proceed = (): boolean => emit.call(server, event, ...args);
		if (event !== 'upgrade' && event !== 'request') return proceed();
		const [request, socket] = args as [IncomingMessage, Connection];
		if (event === 'request') {
			// workerd would take it for a handshake.
			setHeader(request, 'upgrade', undefined);
			return proceed();
		}
		// Pipelined behind a request whose response is still being written. No client may do so
		// (RFC 6455 section 4.1 has it wait for the answer), and two responses cannot share the socket.
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
		// The Worker gets it nevertheless: it is passed on from the raw headers.
		if (protocol?.startsWith('vite')) delete request.headers[PROTOCOL];
		return relays.run({ ...options, notices, request, socket, isUnderWay: false }, proceed);
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
		if (relay === undefined || relay.isUnderWay || request.getHeader('upgrade') === undefined)
			return;
		relay.isUnderWay = true;
		overhear(request, relay);
	});
}

/** Takes the Worker's answer over where it is no acceptance, and its choice where it is one. */
function overhear(
	toWorker: ClientRequest,
	{ request, socket, root, report, notices }: Relay,
): void {
	toWorker.prependOnceListener('upgrade', (answer: IncomingMessage, worker: Duplex) => {
		// The plugin's server would forget the Worker's end of a connection that is gone.
		if (socket.destroyed) worker.destroy();
		keep(root, socket);
		// The plugin's server takes the first offer, so that is left which the Worker has taken. Its
		// client fails where none was taken, which is the real client's to decide.
		const { [PROTOCOL]: chosen } = answer.headers;
		if (chosen === undefined) {
			const [first] = tokens(toWorker.getHeader(PROTOCOL)?.toString());
			if (first !== undefined) answer.headers[PROTOCOL] = first;
			delete request.headers[PROTOCOL];
		} else request.headers[PROTOCOL] = chosen;
	});
	// The plugin would cut the connection off.
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

/** The connections that are open, by the folders of their sites. */
const relayed = new Map<string, Set<Duplex>>();

function keep(root: string, socket: Duplex): void {
	const sockets = relayed.get(root) ?? new Set();
	relayed.set(root, sockets.add(socket));
	socket.once('close', () => sockets.delete(socket));
}

/** RFC 6455 section 5.5.1: the frame that says 1001, the server goes away. */
const GOING_AWAY = Uint8Array.of(0x88, 0x02, 0x03, 0xe9);

/** Milliseconds that a restart waits for clients to close. */
const GRACE = 500;

/**
 * Tells the clients of a site that they may come back, before a restart takes the Worker away. What
 * is written to a connection are whole frames, so one more can be put behind them.
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
