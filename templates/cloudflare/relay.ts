import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { type ClientRequest, type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { handshakeRequest, isWebSocketHandshake, tokens } from '../shared/handshake.ts';

/** The part of a server that is needed here. */
export interface UpgradeServer {
	emit(event: string, ...args: unknown[]): boolean;
}

/** A handshake that Cloudflare's plugin passes on to the Worker. */
interface Relay {
	readonly request: IncomingMessage;
	readonly socket: Duplex;
	/** Whether the plugin's own request has been seen. */
	isUnderWay: boolean;
}

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
export function relayHandshakes(server: UpgradeServer): void {
	listen();
	const { emit } = server;
	server.emit = (event: string, ...args: unknown[]): boolean => {
		const proceed = (): boolean => emit.call(server, event, ...args);
		if (event !== 'upgrade') return proceed();
		const [request, socket] = args as [IncomingMessage, Duplex];
		const protocol = request.headers[PROTOCOL];
		if (HOT_UPDATE.includes(String(protocol))) return proceed();
		if (!isHandshake(request)) {
			const response = answerTo(request, socket);
			setHeader(request, 'upgrade', undefined);
			return emit.call(server, 'request', request, response);
		}
		setHeader(request, 'upgrade', 'websocket');
		// The Worker gets it nevertheless: it is passed on from the raw headers.
		if (protocol?.startsWith('vite')) delete request.headers[PROTOCOL];
		return relays.run({ request, socket, isUnderWay: false }, proceed);
	};
}

function isHandshake({ method, headers }: IncomingMessage): boolean {
	return isWebSocketHandshake(handshakeRequest(method, (name) => headers[name]?.toString()));
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
function overhear(toWorker: ClientRequest, { request, socket }: Relay): void {
	const giveUp = (): void => {
		toWorker.destroy();
	};
	socket.once('close', giveUp);
	toWorker.prependOnceListener('upgrade', (answer: IncomingMessage) => {
		socket.off('close', giveUp);
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
		const response = answerTo(request, socket);
		response.writeHead(answer.statusCode ?? 500, answer.statusMessage, endToEnd(answer.rawHeaders));
		answer.pipe(response);
	});
}

/** A response on a connection that a server has let go of for an upgrade. */
function answerTo(request: IncomingMessage, socket: Duplex): ServerResponse {
	const response = new ServerResponse(request);
	// There is no parser any more, so no second request can follow.
	response.shouldKeepAlive = false;
	response.assignSocket(socket as Socket);
	// Node took its listener off: without it, what is piped into the response stalls.
	socket.on('drain', () => response.emit('drain'));
	// Unread input at the time of closing would make the kernel send a reset, and the client lose
	// the answer.
	socket.resume();
	response.once('finish', () => socket.end());
	return response;
}

/** Headers of one hop (RFC 9110 section 7.6.1), which this one writes for itself. */
const HOP_BY_HOP = [
	'connection',
	'keep-alive',
	'proxy-connection',
	'te',
	'transfer-encoding',
	'upgrade',
];

/** @param rawHeaders Names and values in turn. */
function endToEnd(rawHeaders: readonly string[]): string[] {
	return rawHeaders.filter((_, index) => {
		const name = rawHeaders[index - (index % 2)] ?? '';
		return !HOP_BY_HOP.includes(name.toLowerCase());
	});
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
