import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocketHooks } from '../../handshake/hooks.ts';
import type { RejectionReason } from '../../handshake/refusal.ts';
import type { HeaderLine } from '../http/header-lines.ts';
import type { Opened } from '../registry/entry.ts';

/** What carries an upgrade from the server's `upgrade` event to the code that may accept it. */
export interface UpgradeContext {
	/** The address the client asked for, as yet untouched by mounting hosts and by Vite's `base`. */
	readonly path: string;
	/** The origin of Astro's `context.url`. Set by the site that answers. */
	origin?: string;
	/** What came in behind the request's head in the same packet. */
	readonly head: Buffer;
	/** Left by `upgradeWebSocket()` for the response that accepts: see `createUpgradeResponse()`. */
	prepared: PreparedUpgrade | undefined;
	/** Whether the response has been sent, or can be sent no more. */
	ended: boolean;
	/** Why it is refused, where it is not the site that refuses it. */
	rejection?: RejectionReason;
	/** What became known before the request was handed on. */
	admission?: Admission;
	/** Answers with 503, and lets nothing be added to that. A no-op once there is an answer. */
	giveUp?(): void;
	/** Whether another listener has taken it while it was held. */
	isLost?: boolean;
	/** Present while other `upgrade` listeners may still take the connection. */
	held?: HeldUpgrade | undefined;
}

/**
 * An upgrade that runs through the request handlers although another `upgrade` listener may still
 * take it. Answers wait until the site takes it, or until the time for handshakes is over.
 */
export interface HeldUpgrade {
	/** Whether every answer but 404 takes it: the dev server does not know its routes. */
	isTakenByAnswer: boolean;
	/**
	 * Admits it to the limits and hooks of the site.
	 *
	 * @returns Whether it is admitted.
	 */
	admit(): Promise<boolean>;
	/**
	 * Takes it for the site.
	 *
	 * @returns Whether it was still there to take.
	 */
	take(): boolean;
}

/** The admission of a handshake to the host's request handlers. */
export interface Admission {
	/** The address of the client, the empty string if it has none. */
	readonly clientAddress: string;
	/** The hooks of the site that answers. */
	readonly hooks: WebSocketHooks;
	/**
	 * The site that answers takes the connection over. The one that was attached to the server has
	 * admitted it; behind a router the two may differ.
	 */
	claim(scope: object, hooks: WebSocketHooks): void;
	/** Whether the site is shutting down, and accepts no more. */
	isClosing(): boolean;
	/** The handshake is complete. */
	opened(opened: Opened): void;
}

/** A prepared upgrade that waits for its response. */
export interface PreparedUpgrade {
	/** The 101 is about to be sent: complete the handshake on the raw connection. */
	accept(socket: Duplex, headers: readonly HeaderLine[]): void;
	/** The request has ended; a no-op where the upgrade was accepted. */
	abandon(): void;
}

/**
 * The request itself carries the context. The module that listens for upgrades and the one that
 * answers may be different instances: in `astro preview` the first comes from `node_modules`, the
 * second out of the built server.
 */
const CONTEXT: unique symbol = Symbol.for('astro.websocket.upgrade');

interface UpgradeRequest extends IncomingMessage {
	[CONTEXT]?: UpgradeContext;
}

/** Makes `request` an upgrade request. */
export function setUpgradeContext(request: IncomingMessage, context: UpgradeContext): void {
	(request as UpgradeRequest)[CONTEXT] = context;
}

/** The context of an upgrade request, `undefined` for an ordinary one. */
export function getUpgradeContext(request: IncomingMessage): UpgradeContext | undefined {
	return (request as UpgradeRequest)[CONTEXT];
}
