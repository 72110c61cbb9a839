import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setUpgradeContext, type UpgradeContext } from './context.ts';
import { isHandshake } from './handshake.ts';
import { createUpgradeResponse } from './response.ts';
import { returnToHttp } from './return-to-http.ts';

/** The servers of `node:http`, `node:https`, and of `node:http2` that also speak HTTP/1.1. */
export interface UpgradeServer extends EventEmitter {
	/** Node 22.23 and 24.9 on: which requests with an `Upgrade` header become `upgrade` events. */
	shouldUpgradeCallback?: (request: IncomingMessage) => boolean;
}

export interface UpgradeListenerOptions {
	/** Lets the upgrade run through the host's pipeline as an ordinary request. */
	dispatch(request: IncomingMessage, response: ServerResponse): void;
	/** Whether an upgrade belongs to someone else. Default: none does. */
	isForeign?(request: IncomingMessage): boolean;
}

/** Marks a server that is being listened to: two answers to one upgrade would garble the connection. */
const LISTENING: unique symbol = Symbol.for('astro.websocket.listening');

interface MarkedServer extends UpgradeServer {
	[LISTENING]?: true;
}

/** Answers the upgrade requests of `server`. Calling it again for the same server does nothing. */
export function listenForUpgrades(server: UpgradeServer, options: UpgradeListenerOptions): void {
	const marked: MarkedServer = server;
	if (marked[LISTENING]) return;
	marked[LISTENING] = true;

	const hasOtherListeners = (): boolean => server.listenerCount('upgrade') > 1;

	// An `upgrade` listener alone would divert every request with an `Upgrade` header, h2c POSTs
	// with their bodies among them.
	const shouldUpgrade = server.shouldUpgradeCallback;
	if (shouldUpgrade !== undefined) {
		server.shouldUpgradeCallback = (request) =>
			shouldUpgrade.call(server, request) && (isHandshake(request) || hasOtherListeners());
	}

	server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
		// Node took its own listener off; without one, a reset by the client ends the process.
		socket.on('error', ignore);
		if (options.isForeign?.(request)) return;
		const answer = (): void => answerUpgrade(server, options, request, socket, head);
		if (!hasOtherListeners()) return answer();
		// Another listener (a WebSocketServer on a path of its own) may take it in this same event.
		setImmediate(() => {
			if (!isTaken(socket)) answer();
		});
	});
}

function answerUpgrade(
	server: UpgradeServer,
	options: UpgradeListenerOptions,
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
	// Node before 22.23 has no `shouldUpgradeCallback`.
	if (!isHandshake(request)) {
		returnToHttp(server, request, socket, head);
		return;
	}
	const context: UpgradeContext = {
		path: request.url ?? '/',
		head,
		pending: undefined,
		ended: false,
	};
	setUpgradeContext(request, context);
	options.dispatch(request, createUpgradeResponse(request, socket, context));
}

/** Whoever takes a connection over reads from it, or has refused it. */
function isTaken(socket: Duplex): boolean {
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
