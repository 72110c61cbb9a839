import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { FAILED, NO_SUCH_PATH } from '../../handshake/refusal.ts';
import { takenSince } from '../http/answered.ts';
import { afterEarlierResponses } from '../http/earlier-responses.ts';
import { override } from '../http/override.ts';
import { removeHeader, returnToHttp } from '../http/return-to-http.ts';
import { closing } from '../registry/connections/shutdown-options.ts';
import { processRegistry } from '../registry/registry.ts';
import { type Answering, answerHeld, answerUpgrade, refusing, whenLeft } from './answer-upgrade.ts';
import { isHandshake, isUpgrade, requestPath, subjectOf } from './handshake.ts';

/** A server of `node:http` or `node:https`, or one of `node:http2` with HTTP/1.1 support. */
export interface UpgradeServer extends EventEmitter {
	/**
	 * Since Node 22.23 and 24.9: selects the requests with an `Upgrade` header that become `upgrade`
	 * events.
	 */
	shouldUpgradeCallback?: (request: IncomingMessage) => boolean;
	close(callback?: (error?: Error) => void): unknown;
	/** Missing in apps of Express and Koa, which are not servers. */
	address(): unknown;
}

export interface UpgradeListenerOptions extends Omit<Answering, 'server'> {
	/** Whether an upgrade belongs to one of the server's own listeners. Default: none does. */
	isForeign?(request: IncomingMessage): boolean;
	/** The number of listeners that take only the upgrades matched by `isForeign`. Default: 0. */
	countKnownListeners?(): number;
	/**
	 * Whether the site takes an upgrade. If so, no other listener gets it; if not, the site does not
	 * answer it. Default: the site takes every upgrade that no other listener takes.
	 */
	filter?: ((request: IncomingMessage) => boolean) | undefined;
	/** Whether another listener of the same site on the same server replaces this one. */
	isDefault?: boolean;
}

/** A listener that can be detached from its server. */
export interface UpgradeListener {
	/** Stops answering upgrades. Connections stay open. */
	detach(): void;
}

/** Answers the upgrade requests of `server`. Every call adds an independent listener. */
export function listenForUpgrades(
	server: UpgradeServer,
	options: UpgradeListenerOptions,
): UpgradeListener {
	const router = routerOf(server);
	router.add(options);
	return { detach: () => router.remove(options) };
}

/**
 * The single router of a server. Two responses to one upgrade would corrupt the connection. All
 * sites on a server therefore share the router, even with different instances of this module.
 */
const ROUTER: unique symbol = Symbol.for('astro.websocket.router');

interface RoutedServer extends UpgradeServer {
	[ROUTER]?: UpgradeRouter;
}

function routerOf(server: RoutedServer): UpgradeRouter {
	server[ROUTER] ??= new UpgradeRouter(server);
	return server[ROUTER];
}

/** Selects the listener for each upgrade of a server. */
class UpgradeRouter {
	readonly #server: UpgradeServer;
	/** In the order of their addition. */
	readonly #listeners: UpgradeListenerOptions[] = [];
	/** The request that is being passed to the other listeners. */
	#passing: unknown;
	#uninstall: (() => void) | undefined;

	constructor(server: UpgradeServer) {
		this.#server = server;
		this.#endConnectionsOnClose();
	}

	add(listener: UpgradeListenerOptions): void {
		this.#listeners.push(listener);
		this.#uninstall ??= this.#install();
	}

	remove(listener: UpgradeListenerOptions): void {
		const index = this.#listeners.indexOf(listener);
		if (index === -1) return;
		this.#listeners.splice(index, 1);
		if (this.#listeners.length > 0) return;
		this.#uninstall?.();
		this.#uninstall = undefined;
	}

	#install(): () => void {
		const server = this.#server;

		// An `upgrade` listener alone would divert every request with an `Upgrade` header, including
		// h2c POSTs with their bodies.
		const before = server.shouldUpgradeCallback;
		const shouldUpgrade = (request: IncomingMessage): boolean => {
			if (before?.call(server, request) !== true) return false;
			if (isUpgrade(request) || server.listenerCount('upgrade') > 1) return true;
			// Like `returnToHttp`, so that routes get the same request on every Node version. A route
			// that checks only this header would mistake the request for a handshake.
			removeHeader(request, 'upgrade');
			return false;
		};
		if (before !== undefined) server.shouldUpgradeCallback = shouldUpgrade;

		// Node emits the event only if there is a listener. This one also routes events that bypass the
		// `emit()` below.
		const listener = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
			if (this.#passing !== request) this.#route(request, socket, head, ignore);
		};
		server.prependListener('upgrade', listener);

		// A listener cannot hide an event from others, and `ws`, for example, refuses other paths at
		// once.
		const restoreEmit = override(
			server,
			'emit',
			(passOn) =>
				(...args) =>
					args[0] === 'upgrade' ? this.#emitUpgrade(args, passOn) : passOn(...args),
		);

		return () => {
			server.off('upgrade', listener);
			restoreEmit();
			if (server.shouldUpgradeCallback === shouldUpgrade && before !== undefined) {
				server.shouldUpgradeCallback = before;
			}
		};
	}

	#emitUpgrade(
		args: readonly unknown[],
		passOn: (...args: readonly unknown[]) => unknown,
	): unknown {
		const [, request, socket, head] = args as [string, IncomingMessage, Duplex, Buffer];
		if (this.#listeners.length === 0 || this.#passing === request) return passOn(...args);
		afterEarlierResponses(socket, () =>
			this.#route(request, socket, head, () => {
				this.#passing = request;
				try {
					passOn(...args);
				} finally {
					this.#passing = undefined;
				}
			}),
		);
		return true;
	}

	/** @param passOn Passes the upgrade to the other listeners. */
	#route(request: IncomingMessage, socket: Duplex, head: Buffer, passOn: () => void): void {
		const server = this.#server;
		const isTaken = takenSince(socket);
		// Node removed its own listener. Without one, a reset by the client ends the process.
		socket.on('error', ignore);
		if (this.#listeners.some(({ isForeign }) => isForeign?.(request))) {
			passOn();
			return;
		}
		const answer = ({ host, dispatch }: Answering): void =>
			answerUpgrade({ host, dispatch, server }, request, socket, head);
		const answerOrReturn = (listener: UpgradeListenerOptions | undefined): void => {
			if (listener !== undefined && isUpgrade(request)) answer(listener);
			else {
				// Node before 22.23 lacks `shouldUpgradeCallback`.
				returnToHttp(server, request, socket, head);
				// Node has added its own listener again, and the next request may reach this code as well.
				socket.off('error', ignore);
			}
		};

		const active = this.#activeListeners();
		const filtered: UpgradeListenerOptions[] = [];
		for (const listener of active) {
			try {
				if (isTakenByFilter(listener, request)) filtered.push(listener);
			} catch (error) {
				const subject = subjectOf(request, { path: requestPath(request) });
				listener.host.report('The `filter` of `attachWebSocket()` failed', error, subject);
				answer(refusing(listener.host, FAILED));
				return;
			}
		}
		if (filtered.length > 0) {
			answerOrReturn(preferred(filtered));
			return;
		}
		const open = active.filter(({ filter }) => filter === undefined);
		const findMatch = (): UpgradeListenerOptions | undefined =>
			preferred(open.filter(({ host }) => host.isMatch?.(request)));
		if (!this.#hasOtherListeners()) {
			answerOrReturn(open.length > 1 ? (findMatch() ?? preferred(open)) : open[0]);
			return;
		}
		passOn();
		// Another listener, such as a WebSocketServer with its own path, may take it in the same event.
		setImmediate(() => {
			if (isTaken()) return;
			const match = findMatch();
			if (match !== undefined) {
				answerOrReturn(match);
				return;
			}
			const listener = preferred(open);
			if (listener !== undefined && isHandshake(request)) {
				answerHeld({ ...listener, server }, isTaken, request, socket, head);
				return;
			}
			const [first] = active;
			if (first !== undefined) {
				whenLeft(first.host, isTaken, socket, () => answer(refusing(first.host, NO_SUCH_PATH)));
			}
		});
	}

	#activeListeners(): UpgradeListenerOptions[] {
		const listeners = this.#listeners;
		return listeners.filter(
			(listener) =>
				listener.isDefault !== true ||
				!listeners.some(
					(other) => other.isDefault !== true && other.host.scope === listener.host.scope,
				),
		);
	}

	#hasOtherListeners(): boolean {
		let known = 1;
		for (const { countKnownListeners } of this.#listeners) known += countKnownListeners?.() ?? 0;
		return this.#server.listenerCount('upgrade') > known;
	}

	/**
	 * Closes the WebSocket connections with the server. A server is closed when its last connection
	 * is, and Node does not end upgraded ones. The override stays after the last `detach()`, because
	 * connections may still be open.
	 */
	#endConnectionsOnClose(): void {
		const server = this.#server;
		override(server, 'close', (passOn) => (...args) => {
			void processRegistry().closeServer(server, closing());
			return passOn(...args);
		});
	}
}

/** The preferred site for an upgrade: sites that are shutting down come last. */
function preferred(
	listeners: readonly UpgradeListenerOptions[],
): UpgradeListenerOptions | undefined {
	return listeners.find(({ host }) => !processRegistry().isClosing(host.scope)) ?? listeners[0];
}

function isTakenByFilter({ filter }: UpgradeListenerOptions, request: IncomingMessage): boolean {
	const verdict: unknown = filter?.(request);
	if (verdict instanceof Promise) {
		throw new TypeError('It must return a boolean and cannot be async: upgrades do not wait.');
	}
	return Boolean(verdict);
}

function ignore(): void {}
