import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { BAD_HANDSHAKE, FAILED } from '../shared/refusal.ts';
import type { RequestHandler } from './app.ts';
import { connections } from './connections.ts';
import { isHandshake } from './handshake.ts';
import { getHost, type Host, type HostApp, hostOf, setHost } from './host.ts';
import type { ClosingReport } from './manager-events.ts';
import { refuse } from './refuse.ts';
import { type ShutdownOptions, shutdownConnections } from './shutdown.ts';
import {
	answerUpgrade,
	listenForUpgrades,
	type UpgradeListener,
	type UpgradeServer,
} from './upgrade-listener.ts';

/** Options of {@link WebSocketHost.attachWebSocket}. */
export interface AttachOptions {
	/**
	 * Which upgrades the site takes; the others are left to further `upgrade` listeners of the
	 * server, and are ordinary requests if there are none. Default: if there are further listeners, those whose path a route of the site
	 * matches; otherwise all.
	 */
	filter?(request: IncomingMessage): boolean;
}

/** What a built server exports for servers of your own, beside `handler`. */
export interface WebSocketHost {
	/**
	 * Makes a server of your own answer WebSocket handshakes through its ordinary request handlers,
	 * the built `handler` among them. For `mode: 'middleware'`; the standalone server does so by
	 * itself.
	 *
	 * Other `upgrade` listeners keep what they take in the event itself, and get what no route of
	 * the site matches. Calling this again for the same server does nothing.
	 *
	 * ```js
	 * import { attachWebSocket, handler } from './dist/server/entry.mjs';
	 * const server = http.createServer(express().use(handler));
	 * attachWebSocket(server);
	 * ```
	 */
	attachWebSocket(server: UpgradeServer, options?: AttachOptions): UpgradeListener;
	/**
	 * Answers one `upgrade` event, for servers that route upgrades themselves. The handshake goes
	 * straight to the site, past the server's request handlers.
	 *
	 * @param locals What `handler` takes as well.
	 */
	upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, locals?: object): void;
	/**
	 * Ends the site's WebSocket connections: handshakes get 503 from now on, clients are asked to
	 * close, and what is left after the timeout is terminated. The server itself is yours to close.
	 */
	shutdown(options?: ShutdownOptions): Promise<ClosingReport>;
}

/** What upstream's server entry exports beside `handler`. */
export function createWebSocketHost(handler: RequestHandler, app: HostApp): WebSocketHost {
	const host = hostOf(app);
	return {
		attachWebSocket: (server, attachOptions) => attach(server, host, attachOptions),
		upgrade(request, socket, head, locals) {
			socket.on('error', () => {});
			answerUpgrade(
				{
					host,
					dispatch(handed, response) {
						if (!isHandshake(handed)) refuse(response, BAD_HANDSHAKE);
						else settle(host, response, handler(handed, response, undefined, locals));
					},
				},
				request,
				socket,
				head,
			);
		},
		shutdown: (shutdownOptions) => shutdownConnections(host.scope, shutdownOptions),
	};
}

/** {@link createWebSocketHost} for an entry that exports the properties of an object. */
export function withWebSocketHost<Exports extends { readonly handler: RequestHandler }>(
	exports: Exports,
	app: HostApp,
): Exports & WebSocketHost {
	return { ...exports, ...createWebSocketHost(exports.handler, app) };
}

function attach(server: UpgradeServer, host: Host, options: AttachOptions = {}): UpgradeListener {
	const { filter } = options;
	connections().reopen(host.scope);
	return listenForUpgrades(server, {
		host,
		dispatch(request: IncomingMessage, response: ServerResponse): void {
			if (server.emit('request', request, response)) return;
			response.writeHead(503);
			response.end();
		},
		isOurs: (request, isAlone) => filter?.(request) ?? (isAlone || matches(host, request)),
	});
}

/** A path that cannot be decoded is the site's to refuse. */
function matches(host: Host, request: IncomingMessage): boolean {
	try {
		return host.isMatch?.(request) ?? true;
	} catch {
		return true;
	}
}

function settle(host: Host, response: ServerResponse, result: void | Promise<void>): void {
	Promise.resolve(result).catch((error: unknown) => {
		host.report('The request handler failed on a WebSocket handshake', error);
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
	attach(created.server, host);
	return {
		...created,
		async stop(options?: ShutdownOptions) {
			await shutdownConnections(host.scope, options);
			await created.stop();
		},
	};
}
