import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocketHooks } from '../../handshake/hooks.ts';
import type { RejectionReason } from '../../handshake/refusal.ts';
import type { HeaderLine } from '../http/header-lines.ts';
import type { Opened } from '../registry/connections/entry.ts';

/** The state of an upgrade, from the server's `upgrade` event to the code that may accept it. */
export interface UpgradeContext {
	/** The path requested by the client, before mounting hosts or Vite's `base` change it. */
	readonly path: string;
	/** The origin of Astro's `context.url`. Set by the site that answers. */
	origin?: string;
	/** Data received behind the head of the request in the same packet. */
	readonly head: Buffer;
	/** Set by `upgradeWebSocket()` for the accepting response: see `createUpgradeResponse()`. */
	prepared: PreparedUpgrade | undefined;
	/** Whether the response has been sent, or can no longer be sent. */
	ended: boolean;
	/** The reason of a refusal, unless the site itself refused it. */
	rejection?: RejectionReason;
	/** The result of the checks before the request handlers. */
	admission?: Admission;
	/**
	 * Answers with 503 and ignores later output. A response that has begun goes on while the client
	 * is there.
	 */
	giveUp?(): void;
	/** Whether another listener took it while it was held. */
	isLost?: boolean;
	/** Present while other `upgrade` listeners may still take the connection. */
	held?: HeldUpgrade | undefined;
}

/**
 * An upgrade that passes through the request handlers while another `upgrade` listener may still
 * take it. The response is held until the site takes the upgrade, or `handshakeTimeout` is over.
 */
export interface HeldUpgrade {
	/** Whether every response except 404 takes it: the dev server does not know its routes. */
	isTakenByAnswer: boolean;
	/**
	 * Applies the limits of the site, and loads its hooks.
	 *
	 * @returns Whether it is admitted.
	 */
	admit(): Promise<boolean>;
	/**
	 * Takes it for the site.
	 *
	 * @returns Whether it could still be taken.
	 */
	take(): boolean;
}

/** The admission of a handshake to the host's request handlers. */
export interface Admission {
	/** The client address; empty if there is none. */
	readonly clientAddress: string;
	/** The hooks of the answering site. */
	readonly hooks: WebSocketHooks;
	/**
	 * Lets the answering site take the connection over. The site attached to the server has admitted
	 * it. Behind a router, these two sites may differ. Only then are the hooks loaded again.
	 */
	claim(scope: object, hooks: () => WebSocketHooks | Promise<WebSocketHooks>): Promise<void>;
	/** Whether the site is shutting down, and accepts no more connections. */
	isClosing(): boolean;
	/** Called when the handshake is complete. */
	opened(opened: Opened): void;
}

/** A prepared upgrade that waits for its response. */
export interface PreparedUpgrade {
	/** Completes the handshake on the raw connection, when the response would send the 101. */
	accept(socket: Duplex, headers: readonly HeaderLine[]): void;
	/** Called when the request has ended. A no-op for an accepted upgrade. */
	abandon(): void;
}

/**
 * The request carries the context. The listening module and the answering module may be different
 * instances. In `astro preview` the first comes from `node_modules`, the second from the built
 * server.
 */
const CONTEXT: unique symbol = Symbol.for('astro.websocket.upgrade');

interface UpgradeRequest extends IncomingMessage {
	[CONTEXT]?: UpgradeContext;
}

/** Marks `request` as an upgrade request. */
export function setUpgradeContext(request: IncomingMessage, context: UpgradeContext): void {
	(request as UpgradeRequest)[CONTEXT] = context;
}

/** The context of an upgrade request, `undefined` for an ordinary one. */
export function getUpgradeContext(request: IncomingMessage): UpgradeContext | undefined {
	return (request as UpgradeRequest)[CONTEXT];
}
