import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { NO_SUCH_PATH } from '../shared/refusal.ts';
import { admit } from './admission.ts';
import { setUpgradeContext, type UpgradeContext } from './context.ts';
import { isHandshake, requestPath } from './handshake.ts';
import type { Host } from './host.ts';
import { refuse } from './refuse.ts';
import { createUpgradeResponse } from './response.ts';
import { returnToHttp } from './return-to-http.ts';

/** The servers of `node:http`, `node:https`, and of `node:http2` that also speak HTTP/1.1. */
export interface UpgradeServer extends EventEmitter {
	/** Node 22.23 and 24.9 on: which requests with an `Upgrade` header become `upgrade` events. */
	shouldUpgradeCallback?: (request: IncomingMessage) => boolean;
}

export interface UpgradeListenerOptions {
	/** The site that answers. */
	readonly host: Host;
	/** Lets the upgrade run through the host's pipeline as an ordinary request. */
	dispatch(request: IncomingMessage, response: ServerResponse): void;
	/** Whether an upgrade belongs to someone else. Default: none does. */
	isForeign?(request: IncomingMessage): boolean;
	/**
	 * Whether the site takes an upgrade that no other listener has taken in the event itself. What
	 * it leaves is an ordinary request if there is no other listener; what nobody takes later is
	 * answered with 404 after the time for handshakes. Default: it takes all.
	 *
	 * @param isAlone Whether there is no other listener.
	 */
	isOurs?(request: IncomingMessage, isAlone: boolean): boolean;
}

/** What takes the listener off its server again. */
export interface UpgradeListener {
	/** Answers no more upgrades. Connections stay open. */
	detach(): void;
}

/** Marks a server that is being listened to: two answers to one upgrade would garble the connection. */
const LISTENING: unique symbol = Symbol.for('astro.websocket.listening');

interface MarkedServer extends UpgradeServer {
	[LISTENING]?: UpgradeListener | undefined;
}

/** Answers the upgrade requests of `server`. Calling it again for the same server does nothing. */
export function listenForUpgrades(
	server: UpgradeServer,
	options: UpgradeListenerOptions,
): UpgradeListener {
	const marked: MarkedServer = server;
	if (marked[LISTENING] !== undefined) return marked[LISTENING];

	const hasOtherListeners = (): boolean => server.listenerCount('upgrade') > 1;

	// An `upgrade` listener alone would divert every request with an `Upgrade` header, h2c POSTs
	// with their bodies among them.
	const before = server.shouldUpgradeCallback;
	const shouldUpgrade = (request: IncomingMessage): boolean =>
		before?.call(server, request) === true && (isHandshake(request) || hasOtherListeners());
	if (before !== undefined) server.shouldUpgradeCallback = shouldUpgrade;

	const listener = (request: IncomingMessage, socket: CountingSocket, head: Buffer): void => {
		const { bytesWritten } = socket;
		const isTaken = (): boolean => isRead(socket) || socket.bytesWritten !== bytesWritten;
		// Node took its own listener off; without one, a reset by the client ends the process.
		socket.on('error', ignore);
		if (options.isForeign?.(request)) return;
		const isAlone = !hasOtherListeners();
		const answer = (): void => {
			const isOurs = options.isOurs?.(request, isAlone) ?? true;
			if (!isOurs && !isAlone) {
				answerUnlessTaken(options, isTaken, request, socket, head);
			} else if (isOurs && isHandshake(request)) {
				answerUpgrade(options, request, socket, head);
			} else {
				// Node before 22.23 has no `shouldUpgradeCallback`.
				returnToHttp(server, request, socket, head);
				// Node has its own again, and the next request may come this way, too.
				socket.off('error', ignore);
			}
		};
		if (isAlone) {
			answer();
			return;
		}
		// Another listener (a WebSocketServer on a path of its own) may take it in this same event.
		setImmediate(() => {
			if (!isTaken()) answer();
		});
	};
	// In front, to see what the others write.
	server.prependListener('upgrade', listener);

	marked[LISTENING] = {
		detach() {
			server.off('upgrade', listener);
			if (server.shouldUpgradeCallback === shouldUpgrade && before !== undefined) {
				server.shouldUpgradeCallback = before;
			}
			marked[LISTENING] = undefined;
		},
	};
	return marked[LISTENING];
}

/** Answers one handshake. The socket must have a listener for errors. */
export function answerUpgrade(
	{ host, dispatch }: Pick<UpgradeListenerOptions, 'host' | 'dispatch'>,
	request: IncomingMessage,
	socket: Duplex,
	head: Buffer,
): void {
	// Pipelined behind a request whose response is still being written. No client may do so
	// (RFC 6455 section 4.1 has it wait for the answer), and two responses cannot share the socket.
	if (hasUnfinishedResponse(socket)) {
		socket.destroy();
		return;
	}
	request.url = requestPath(request);
	const context: UpgradeContext = {
		path: request.url,
		head,
		pending: undefined,
		ended: false,
	};
	setUpgradeContext(request, context);
	const response = createUpgradeResponse(request, socket, context);
	admit(host, request, response, context, () => dispatch(request, response));
}

/** For an upgrade that was left to other listeners, which may not have wanted it either. */
function answerUnlessTaken(
	{ host }: UpgradeListenerOptions,
	isTaken: () => boolean,
	request: IncomingMessage,
	socket: Duplex,
	head: Buffer,
): void {
	socket.once('end', () => {
		if (!isTaken()) socket.destroy();
	});
	const { handshakeTimeout } = host.options;
	if (handshakeTimeout === 0) return;
	const timer = setTimeout(() => {
		if (isTaken()) return;
		const dispatch = (_request: IncomingMessage, response: ServerResponse): void =>
			refuse(response, NO_SUCH_PATH);
		answerUpgrade({ host, dispatch }, request, socket, head);
	}, handshakeTimeout);
	socket.once('close', () => clearTimeout(timer));
}

/** `net.Socket`, which `Duplex` stands for in the types of `upgrade` events. */
type CountingSocket = Duplex & { readonly bytesWritten?: number };

/** Whoever takes a connection over reads from it, or has refused it. */
function isRead(socket: Duplex): boolean {
	return (
		socket.destroyed ||
		socket.writableEnded ||
		socket.listenerCount('data') > 0 ||
		socket.listenerCount('readable') > 0
	);
}

/** `lib/_http_outgoing.js`: the response that is assigned to a socket. */
function hasUnfinishedResponse(socket: Duplex & { _httpMessage?: unknown }): boolean {
	return socket._httpMessage !== undefined && socket._httpMessage !== null;
}

function ignore(): void {}
