import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { FAILED, NO_SUCH_PATH, type Refusal } from '../shared/refusal.ts';
import { admit } from './admission.ts';
import { isAnswered, setAnswered } from './answered.ts';
import { connections } from './connections.ts';
import { setUpgradeContext, type UpgradeContext } from './context.ts';
import { afterEarlierResponses, hasUnfinishedResponse } from './earlier-responses.ts';
import { isHandshake, requestPath } from './handshake.ts';
import type { Host } from './host.ts';
import { refuse } from './refuse.ts';
import { createUpgradeResponse } from './response.ts';
import { returnToHttp } from './return-to-http.ts';
import { closing } from './shutdown.ts';

/** The servers of `node:http`, `node:https`, and of `node:http2` that also speak HTTP/1.1. */
export interface UpgradeServer extends EventEmitter {
	/** Node 22.23 and 24.9 on: which requests with an `Upgrade` header become `upgrade` events. */
	shouldUpgradeCallback?: (request: IncomingMessage) => boolean;
	close(callback?: (error?: Error) => void): unknown;
	/** Apps of Express and Koa have none, and are no servers. */
	address(): unknown;
}

export interface UpgradeListenerOptions {
	/** The site that answers. */
	readonly host: Host;
	/** Lets the upgrade run through the host's pipeline as an ordinary request. */
	dispatch(request: IncomingMessage, response: ServerResponse): void;
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

/** What was written when one site called for the same connection twice. */
const ANSWERED_TWICE =
	'`upgrade()` was called for a connection that is already answered. Call it once for each `upgrade` event, and not beside an `attachWebSocket()` that takes the same handshakes.';

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
		const shouldUpgrade = (request: IncomingMessage): boolean =>
			before?.call(server, request) === true &&
			(isHandshake(request) || server.listenerCount('upgrade') > 1);
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
			if (listener !== undefined && isHandshake(request)) answer(listener);
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
				listener.host.report('The `filter` of `attachWebSocket()` failed', error);
				answer(refusing(listener, FAILED));
				return;
			}
		}
		if (filtered.length > 0) {
			answerOrReturn(preferred(filtered));
			return;
		}
		const open = active.filter(({ filter }) => filter === undefined);
		const matching = open.filter(({ host }) => host.isMatch?.(request) ?? false);
		if (!this.#hasOtherListeners()) {
			answerOrReturn(preferred(matching) ?? preferred(open));
			return;
		}
		passOn();
		// Another listener (a WebSocketServer on a path of its own) may take it in this same event.
		setImmediate(() => {
			if (isTaken()) return;
			const match = preferred(matching);
			if (match !== undefined) {
				answerOrReturn(match);
				return;
			}
			const listener = preferred(open);
			if (listener !== undefined && isHandshake(request)) {
				answerHeld({ ...listener, server }, isTaken, request, socket, head);
				return;
			}
			// The server may stand empty of sites by now.
			const [first] = active;
			if (first !== undefined) {
				whenLeft(first, isTaken, socket, () => answer(refusing(first, NO_SUCH_PATH)));
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
			void connections().closeServer(server, closing());
			return passOn(...args);
		});
	}
}

/** Who answers an upgrade, and how. */
interface Answering extends Pick<UpgradeListenerOptions, 'host' | 'dispatch'> {
	/** The server that it came in by, if the site is attached to it. */
	readonly server?: UpgradeServer;
}

/**
 * Answers one handshake. The socket must have a listener for errors.
 *
 * @throws Error if the connection is answered already.
 */
export function answerUpgrade(
	{ host, dispatch, server }: Answering,
	request: IncomingMessage,
	socket: Duplex,
	head: Buffer,
): void {
	if (isAnswered(socket)) throw new Error(ANSWERED_TWICE);
	setAnswered(socket, server);
	afterEarlierResponses(socket, () => {
		const context = enterContext(request, head);
		const { response, release } = createUpgradeResponse(request, socket, context);
		release();
		admit(host, request, response, context, () => dispatch(request, response));
	});
}

/**
 * Lets a handshake on a path that the site does not know run through the host's pipeline, where the
 * site may be mounted below a path or be given another one. Until the site takes it, its answer is
 * held: another listener may still take it.
 */
function answerHeld(
	{ host, dispatch, server }: Answering,
	isTaken: () => boolean,
	request: IncomingMessage,
	socket: Duplex,
	head: Buffer,
): void {
	const context = enterContext(request, head);
	const { response, release, drop } = createUpgradeResponse(request, socket, context);
	const answer = (): void => {
		stopWaiting();
		context.held = undefined;
		setAnswered(socket, server);
		release();
	};
	const lose = (): void => {
		stopWaiting();
		context.held = undefined;
		context.isLost = true;
		drop();
	};
	const stopWaiting = whenLeft(
		{ host },
		isTaken,
		socket,
		() => {
			answer();
			context.giveUp?.();
		},
		lose,
	);
	context.held = {
		isTakenByAnswer: false,
		take() {
			if (isTaken() || socket.destroyed) lose();
			else answer();
			return !context.ended;
		},
		admit: () =>
			new Promise((resolve) => {
				response.once('close', () => resolve(false));
				admit(host, request, response, context, () => resolve(true));
			}),
	};
	try {
		dispatch(request, response);
	} catch (error) {
		host.report('A request handler failed on a WebSocket handshake', error);
		if (!response.headersSent) refuse(response, FAILED);
	}
}

function enterContext(request: IncomingMessage, head: Buffer): UpgradeContext {
	request.url = requestPath(request);
	const context: UpgradeContext = { path: request.url, head, pending: undefined, ended: false };
	setUpgradeContext(request, context);
	return context;
}

/**
 * For an upgrade that was left to other listeners, which may not have wanted it either.
 *
 * @param proceed Called when the time for handshakes is over and nobody has taken it.
 * @param lose Called when somebody has, or when the client has left.
 * @returns What ends the wait.
 */
function whenLeft(
	{ host }: Pick<UpgradeListenerOptions, 'host'>,
	isTaken: () => boolean,
	socket: Duplex,
	proceed: () => void,
	lose: () => void = ignore,
): () => void {
	const clientEnded = (): void => {
		if (!isTaken()) socket.destroy();
	};
	const { handshakeTimeout } = host.options;
	const timer =
		handshakeTimeout > 0
			? setTimeout(() => {
					stop();
					if (isTaken()) lose();
					else proceed();
				}, handshakeTimeout)
			: undefined;
	const closed = (): void => {
		stop();
		lose();
	};
	const stop = (): void => {
		clearTimeout(timer);
		socket.off('end', clientEnded);
		socket.off('close', closed);
	};
	socket.once('end', clientEnded);
	socket.once('close', closed);
	return stop;
}

/** Of several sites that take an upgrade: those that are shutting down come last. */
function preferred(
	listeners: readonly UpgradeListenerOptions[],
): UpgradeListenerOptions | undefined {
	return listeners.find(({ host }) => !connections().isClosing(host.scope)) ?? listeners[0];
}

function isTakenByFilter({ filter }: UpgradeListenerOptions, request: IncomingMessage): boolean {
	const verdict: unknown = filter?.(request);
	if (verdict instanceof Promise) {
		throw new TypeError('It must return a boolean, and cannot be async: upgrades do not wait.');
	}
	return Boolean(verdict);
}

function refusing({ host }: UpgradeListenerOptions, refusal: Refusal): Answering {
	return { host, dispatch: (_request, response) => refuse(response, refusal) };
}

/** `net.Socket`, which `Duplex` stands for in the types of `upgrade` events. */
type CountingSocket = Duplex & { readonly bytesWritten?: number };

/** Tells whether somebody has taken the connection over since this call. */
function takenSince(socket: CountingSocket): () => boolean {
	const { bytesWritten } = socket;
	return () =>
		isAnswered(socket) ||
		hasUnfinishedResponse(socket) ||
		isRead(socket) ||
		socket.bytesWritten !== bytesWritten;
}

/** Whoever takes a connection over reads from it, or has refused it. */
function isRead(socket: Duplex): boolean {
	return (
		socket.destroyed ||
		socket.writableEnded ||
		socket.listenerCount('data') > 0 ||
		socket.listenerCount('readable') > 0
	);
}

type Method = (...args: readonly unknown[]) => unknown;

/**
 * Puts another method in front of an object's own or inherited one.
 *
 * @returns What takes it off again, unless something else has been put in front of it since.
 */
function override<Name extends string>(
	object: { [Key in Name]?: unknown },
	name: Name,
	wrap: (passOn: Method) => Method,
): () => void {
	const own = Object.getOwnPropertyDescriptor(object, name);
	const passOn: Method = (...args) =>
		Reflect.apply(own?.value ?? Reflect.get(Object.getPrototypeOf(object), name), object, args);
	const value = wrap(passOn);
	Object.defineProperty(object, name, { value, configurable: true, writable: true });
	return () => {
		if (Object.getOwnPropertyDescriptor(object, name)?.value !== value) return;
		if (own === undefined) Reflect.deleteProperty(object, name);
		else Object.defineProperty(object, name, own);
	};
}

function ignore(): void {}
