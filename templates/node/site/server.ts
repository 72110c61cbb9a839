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
import type { ShutdownOptions } from '../registry/connections/shutdown-options.ts';
import { processRegistry } from '../registry/registry.ts';
import { shutdownConnections } from '../registry/shutdown.ts';
import type { RequestHandler } from './app.ts';

/** Options of {@link WebSocketHost.attachWebSocket}. */
export interface AttachOptions {
	/**
	 * Returns whether the site takes an upgrade. The site gets such an upgrade before all other
	 * `upgrade` listeners of the server. Others go to those listeners, or become ordinary requests if
	 * there are none.
	 *
	 * Default: the site takes every upgrade that no other listener takes.
	 */
	filter?(request: IncomingMessage): boolean;
}

/** A server, or an object with a server: a Fastify instance, or the result of `startServer()`. */
export type AttachTarget = UpgradeServer | { readonly server: UpgradeServer };

/** The exports of a built server for your own server, in addition to `handler`. */
export interface WebSocketHost {
	/**
	 * Makes your server answer WebSocket handshakes through its ordinary request handlers, including
	 * the built `handler`. For `mode: 'middleware'`; the standalone server calls it for you.
	 *
	 * Every call is independent, with its own `filter` and `detach()`. You can attach several sites
	 * to one server. `server.close()` also closes the WebSocket connections received by the server.
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
	 * Answers one `upgrade` event. Use it if your server routes upgrades itself. The handshake
	 * bypasses the server's request handlers.
	 *
	 * @param locals The same as for `handler`.
	 * @throws Error if the connection is already answered.
	 */
	upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, locals?: object): void;
	/**
	 * Ends the site's WebSocket connections. From now on, handshakes get 503. Open connections are
	 * closed, and those left after the timeout are terminated. Close the server itself separately.
	 */
	shutdown(options?: ShutdownOptions): Promise<void>;
}

/** The exports of upstream's server entry in addition to `handler`. */
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
		// Fastify can call this function as a hook. There, the value of a promise is an error, and a
		// function with a parameter gets a callback.
		async shutdown(shutdownOptions = {}) {
			await shutdownConnections(host.scope, shutdownOptions);
		},
	};
}

/** {@link createWebSocketHost} for an entry whose exports are the properties of an object. */
export function withWebSocketHost<Exports extends { readonly handler: RequestHandler }>(
	exports: Exports,
	app: HostApp,
): Exports & WebSocketHost {
	return { ...exports, ...createWebSocketHost(exports.handler, app) };
}

/** @throws TypeError if the target has no server. */
function serverOf(target: AttachTarget): UpgradeServer {
	const server = isServer(target) ? target : Reflect.get(Object(target), 'server');
	if (isServer(server)) return server;
	throw new TypeError(
		'`attachWebSocket()` requires an HTTP server. Pass the result of `http.createServer()`. With Express, Connect or Koa, pass the result of `app.listen()` and not the app. With Fastify, pass the instance or `app.server`.',
	);
}

/** Express apps are event emitters with `listen()` as well, but only servers have these methods. */
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

/** Links a handler created by upstream to its host. */
export function withHost<Handler extends object>(handler: Handler, app: HostApp): Handler {
	return setHost(handler, hostOf(app));
}

/** The result of upstream's `createServer`. */
export interface CreatedServer {
	readonly server: UpgradeServer;
	stop(): Promise<void>;
}

/**
 * {@link WebSocketHost.attachWebSocket} for the result of upstream's `createServer`. `stop()` ends
 * the WebSocket connections before upstream cuts all connections off.
 */
export function withUpgrade<Created extends CreatedServer>(
	created: Created,
	handler: object,
): Created {
	const host = getHost(handler);
	// A handler not created by upstream has no site.
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
