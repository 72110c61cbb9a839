import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { BAD_HANDSHAKE, FAILED } from '../../handshake/refusal.ts';
import type { ReportSubject } from '../../socket/report.ts';
import { answerUpgrade } from '../handshake/answer-upgrade.ts';
import { isHandshake, requestPath, subjectOf } from '../handshake/handshake.ts';
import { getHost, type Host, type HostApp, hostOf, setHost } from '../handshake/host.ts';
import { refuse } from '../handshake/refuse.ts';
import {
	listenForUpgrades,
	type UpgradeListener,
	type UpgradeServer,
} from '../handshake/upgrade-listener.ts';
import { processRegistry } from '../registry/registry.ts';
import { shutdownConnections } from '../registry/shutdown.ts';
import type { ShutdownOptions } from '../registry/shutdown-options.ts';
import type { RequestHandler } from './app.ts';

/** Options of {@link WebSocketHost.attachWebSocket}. */
export interface AttachOptions {
	/**
	 * Returns whether the site takes an upgrade. The site gets what it takes before every other
	 * `upgrade` listener of the server. What it leaves goes to the other listeners, and is an ordinary
	 * request if there are none.
	 *
	 * Default: the site takes what no other listener takes.
	 */
	filter?(request: IncomingMessage): boolean;
}

/** A server, or an object that has one: a Fastify instance, or `server` of `startServer()`. */
export type AttachTarget = UpgradeServer | { readonly server: UpgradeServer };

/** What a built server exports for servers of your own, beside `handler`. */
export interface WebSocketHost {
	/**
	 * Makes a server of your own answer WebSocket handshakes through its ordinary request handlers,
	 * the built `handler` among them. For `mode: 'middleware'`; the standalone server does so by
	 * itself.
	 *
	 * Every call is independent: it has its own `filter` and its own `detach()`. Several sites can be
	 * attached to one server. `server.close()` also closes the connections that came in by the server.
	 *
	 * ```js
	 * import { attachWebSocket, handler } from '../dist/server/entry.mjs';
	 * const server = http.createServer(express().use(handler));
	 * attachWebSocket(server);
	 * ```
	 *
	 * @throws TypeError if `server` is not a server, for example an Express app.
	 */
	attachWebSocket(server: AttachTarget, options?: AttachOptions): UpgradeListener;
	/**
	 * Answers one `upgrade` event, for servers that route upgrades themselves. The handshake goes
	 * straight to the site, past the server's request handlers.
	 *
	 * @param locals What `handler` takes as well.
	 * @throws Error if the connection is answered already.
	 */
	upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, locals?: object): void;
	/**
	 * Ends the site's WebSocket connections: handshakes get 503 from now on, clients are asked to
	 * close, and what is left after the timeout is terminated. The server itself is yours to close.
	 */
	shutdown(options?: ShutdownOptions): Promise<void>;
}

/** What upstream's server entry exports beside `handler`. */
export function createWebSocketHost(handler: RequestHandler, app: HostApp): WebSocketHost {
	const host = hostOf(app);
	return {
		attachWebSocket: (target, attachOptions) => attach(serverOf(target), host, attachOptions),
		upgrade(request, socket, head, locals) {
			socket.on('error', () => {});
			answerUpgrade(
				{
					host,
					dispatch(handed, response) {
						if (!isHandshake(handed)) refuse(response, BAD_HANDSHAKE);
						else {
							const result = handler(handed, response, undefined, locals);
							reportRejection(
								host,
								response,
								result,
								subjectOf(handed, { path: requestPath(handed) }),
							);
						}
					},
				},
				request,
				socket,
				head,
			);
		},
		// For hooks of Fastify: what a promise of theirs resolves with is an error, and a function with a
		// parameter gets a callback.
		async shutdown(shutdownOptions = {}) {
			await shutdownConnections(host.scope, shutdownOptions);
		},
	};
}

/** {@link createWebSocketHost} for an entry that exports the properties of an object. */
export function withWebSocketHost<Exports extends { readonly handler: RequestHandler }>(
	exports: Exports,
	app: HostApp,
): Exports & WebSocketHost {
	return { ...exports, ...createWebSocketHost(exports.handler, app) };
}

/** @throws TypeError if there is none. */
function serverOf(target: AttachTarget): UpgradeServer {
	const server = isServer(target) ? target : Reflect.get(Object(target), 'server');
	if (isServer(server)) return server;
	throw new TypeError(
		'`attachWebSocket()` needs a server, and this is none. Pass what `http.createServer()` returns. With Express, Connect and Koa, pass what `app.listen()` returns, and not the app. With Fastify, pass the instance or `app.server`.',
	);
}

/** Apps are event emitters too and have `listen()`, but these only servers have. */
function isServer(target: unknown): target is UpgradeServer {
	const methods = ['prependListener', 'emit', 'close', 'address'];
	return methods.every((method) => typeof Reflect.get(Object(target), method) === 'function');
}

function attach(
	server: UpgradeServer,
	host: Host,
	{ filter }: AttachOptions = {},
	isDefault = false,
): UpgradeListener {
	if (filter !== undefined && typeof filter !== 'function') {
		throw new TypeError('`filter` of `attachWebSocket()` must be a function.');
	}
	processRegistry().reopen(host.scope);
	return listenForUpgrades(server, {
		host,
		filter,
		isDefault,
		dispatch(request: IncomingMessage, response: ServerResponse): void {
			if (server.emit('request', request, response)) return;
			response.writeHead(503);
			response.end();
		},
	});
}

function reportRejection(
	host: Host,
	response: ServerResponse,
	result: void | Promise<void>,
	subject: ReportSubject,
): void {
	Promise.resolve(result).catch((error: unknown) => {
		host.report('The request handler failed on a WebSocket handshake', error, subject);
		if (!response.headersSent) refuse(response, FAILED);
	});
}

/** Makes the handlers that upstream creates tell whose they are. */
export function withHost<Handler extends object>(handler: Handler, app: HostApp): Handler {
	return setHost(handler, hostOf(app));
}

/** What upstream's `createServer` returns. */
export interface CreatedServer {
	readonly server: UpgradeServer;
	stop(): Promise<void>;
}

/**
 * {@link WebSocketHost.attachWebSocket} for the result of upstream's `createServer`. `stop()` ends
 * the WebSocket connections before upstream cuts everything off.
 */
export function withUpgrade<Created extends CreatedServer>(
	created: Created,
	handler: object,
): Created {
	const host = getHost(handler);
	// A handler that upstream did not make has no site behind it.
	if (host === undefined) return created;
	attach(created.server, host, {}, true);
	return {
		...created,
		async stop(options?: ShutdownOptions) {
			await shutdownConnections(host.scope, options);
			await created.stop();
		},
	};
}
