import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { FAILED, NO_SUCH_PATH } from '../../handshake/refusal.ts';
import { takenSince } from '../http/answered.ts';
import { afterEarlierResponses } from '../http/earlier-responses.ts';
import { override } from '../http/override.ts';
import { removeHeader, returnToHttp } from '../http/return-to-http.ts';
import { processRegistry } from '../registry/registry.ts';
import { closing } from '../registry/shutdown-options.ts';
import { type Answering, answerHeld, answerUpgrade, refusing, whenLeft } from './answer-upgrade.ts';
import { isHandshake, isUpgrade, requestPath, subjectOf } from './handshake.ts';

/** The servers of `node:http`, `node:https`, and of `node:http2` that also speak HTTP/1.1. */
export interface UpgradeServer extends EventEmitter {
	/** Node 22.23 and 24.9 on: which requests with an `Upgrade` header become `upgrade` events. */
	shouldUpgradeCallback?: (request: IncomingMessage) => boolean;
	close(callback?: (error?: Error) => void): unknown;
	/** Apps of Express and Koa have none, and are no servers. */
	address(): unknown;
}

export interface UpgradeListenerOptions extends Omit<Answering, 'server'> {
	/** Whether an upgrade belongs to a known listener of the server's own. Default: none does. */
	isForeign?(request: IncomingMessage): boolean;
	/** The number of listeners that take nothing but what `isForeign` names. Default: 0. */
	countKnownListeners?(): number;
	/**
	 * Whether the site takes an upgrade. What it takes no other listener sees, and what it leaves it
	 * does not answer. Default: the site takes what no other listener takes.
	 */
	filter?: ((request: IncomingMessage) => boolean) | undefined;
	/** Whether further listeners of the same site on the same server take its place. */
	isDefault?: boolean;
}

/** What takes the listener off its server again. */
export interface UpgradeListener {
	/** Answers no more upgrades. Connections stay open. */
	detach(): void;
}

/** Answers upgrade requests of `server`. Every call is a listener of its own. */
export function listenForUpgrades(
	server: UpgradeServer,
	options: UpgradeListenerOptions,
): UpgradeListener {
	const router = routerOf(server);
	router.add(options);
	return { detach: () => router.remove(options) };
}

/**
 * The one router of a server. Two answers to one upgrade would garble the connection, so all sites
 * on a server share it, those with another instance of this module among them.
 */
const ROUTER: unique symbol = Symbol.for('astro.websocket.router');

interface RoutedServer extends UpgradeServer {
	[ROUTER]?: UpgradeRouter;
}

function routerOf(server: RoutedServer): UpgradeRouter {
	server[ROUTER] ??= new UpgradeRouter(server);
	return server[ROUTER];
}

/** Decides which listener of a server an upgrade is for. */
class UpgradeRouter {
	readonly #server: UpgradeServer;
	/** In the order in which they were added. */
	readonly #listeners: UpgradeListenerOptions[] = [];
	/** The one that is being handed to the other listeners. */
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

		// An `upgrade` listener alone would divert every request with an `Upgrade` header, h2c POSTs
		// with their bodies among them.
		const before = server.shouldUpgradeCallback;
		const shouldUpgrade = (request: IncomingMessage): boolean => {
			if (before?.call(server, request) !== true) return false;
			if (isUpgrade(request) || server.listenerCount('upgrade') > 1) return true;
			// As `returnToHttp` does, so that routes see the same request on every Node: one that looks
			// at this header only would take it for a handshake.
			removeHeader(request, 'upgrade');
			return false;
		};
		if (before !== undefined) server.shouldUpgradeCallback = shouldUpgrade;

		// Node emits the event only where there is a listener. It also routes events that come past
		// the `emit()` below.
		const listener = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
			if (this.#passing !== request) this.#route(request, socket, head, ignore);
		};
		server.prependListener('upgrade', listener);

		// A listener cannot keep an event from the others, and `ws` for example refuses at once what
		// is not on its path.
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

	/** @param passOn Hands the upgrade to the other listeners. */
	#route(request: IncomingMessage, socket: Duplex, head: Buffer, passOn: () => void): void {
		const server = this.#server;
		const isTaken = takenSince(socket);
		// Node took its own listener off; without one, a reset by the client ends the process.
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
				// Node before 22.23 has no `shouldUpgradeCallback`.
				returnToHttp(server, request, socket, head);
				// Node has its own again, and the next request may come this way, too.
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
		// Another listener (a WebSocketServer on a path of its own) may take it in this same event.
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
	 * A server is closed when its last connection is, and Node ends none that was upgraded. It stays
	 * like this without listeners: their connections are still there.
	 */
	#endConnectionsOnClose(): void {
		const server = this.#server;
		override(server, 'close', (passOn) => (...args) => {
			void processRegistry().closeServer(server, closing());
			return passOn(...args);
		});
	}
}

/** Of several sites that take an upgrade: those that are shutting down come last. */
function preferred(
	listeners: readonly UpgradeListenerOptions[],
): UpgradeListenerOptions | undefined {
	return listeners.find(({ host }) => !processRegistry().isClosing(host.scope)) ?? listeners[0];
}

function isTakenByFilter({ filter }: UpgradeListenerOptions, request: IncomingMessage): boolean {
	const verdict: unknown = filter?.(request);
	if (verdict instanceof Promise) {
		throw new TypeError('It must return a boolean, and cannot be async: upgrades do not wait.');
	}
	return Boolean(verdict);
}

function ignore(): void {}
