import { channel } from 'node:diagnostics_channel';
import type { Report } from '../shared/report.ts';
import type { ManagedConnection } from './managed-connection.ts';

/** A connection that has ended. */
export interface RemovedConnection {
	readonly connection: ManagedConnection;
	/** What the `close` event of the socket says: 1005 if there was no code, 1006 if it was lost. */
	readonly code: number;
	readonly reason: string;
}

/** What a ping has found out. */
export interface ConnectionHealth {
	readonly connection: ManagedConnection;
	/** Whether it was answered. */
	readonly isHealthy: boolean;
	/** Milliseconds until it was, `undefined` if it was not. */
	readonly roundTrip: number | undefined;
	/** Pings in a row that were not. */
	readonly missedPings: number;
}

/** A handshake for which there was no room. */
export interface FullPool {
	/** The address of the client. For `maxConnections` that is before the `clientAddress` hook. */
	readonly address: string;
	/** The limit that it ran into. */
	readonly limit: 'maxConnections' | 'maxConnectionsPerIP';
	/** The value of that. */
	readonly most: number;
}

/** A handshake that came too soon. */
export interface ExceededRate {
	readonly address: string;
	/** `rateLimitMaxConnections`. */
	readonly most: number;
	/** `rateLimitWindow`, in milliseconds. */
	readonly window: number;
	/** Seconds after which the client may try again. */
	readonly retryAfter: number;
}

/** How far a shutdown, or a drain, has come. */
export interface ClosingProgress {
	/** Connections that there were, those that were still opening included. */
	readonly connections: number;
	/** Those that are still there. */
	readonly remaining: number;
	/** Milliseconds since it began. */
	readonly elapsed: number;
}

/** What has become of a shutdown, or a drain. */
export interface ClosingReport {
	/** Connections that there were, those that were still opening included. */
	readonly connections: number;
	/** Those that have ended by themselves, after they were asked to. */
	readonly closed: number;
	/** Those that were cut off when the time was up. */
	readonly terminated: number;
	/** Milliseconds that it took. */
	readonly elapsed: number;
}

/** The events of the connection manager, and what their listeners get. */
export interface ConnectionManagerEvents {
	/** A handshake is complete. */
	'connection:added': ManagedConnection;
	/** A connection has ended, whatever ended it. */
	'connection:removed': RemovedConnection;
	/** A ping of the health monitoring was answered, or was not until the next one. */
	'connection:health': ConnectionHealth;
	/** A handshake was refused by `maxConnections` or `maxConnectionsPerIP`. */
	'pool:full': FullPool;
	/** A handshake was refused by `rateLimitMaxConnections`. */
	'ratelimit:exceeded': ExceededRate;
	/** A shutdown or a drain goes on. */
	'shutdown:progress': ClosingProgress;
	/** A shutdown or a drain is over. */
	'shutdown:complete': ClosingReport;
}

type Type = keyof ConnectionManagerEvents;
type Listener = (event: never) => unknown;

/** A listener for one type of event. What it throws, or rejects with, is reported. */
export type ConnectionManagerListener<Of extends Type> = (
	event: ConnectionManagerEvents[Of],
) => unknown;

/** The channels of `node:diagnostics_channel` are named so, with the type behind it. */
const CHANNEL = 'astro.websocket.';

/**
 * Tells listeners, and subscribers of `node:diagnostics_channel`. Events come out of the midst of
 * handshakes and closings: no listener may break those.
 */
export class ManagerEvents {
	readonly #listeners: Map<Type, Set<Listener>> = new Map();
	readonly #report: Report;

	constructor(report: Report) {
		this.#report = report;
	}

	on<Of extends Type>(type: Of, listener: ConnectionManagerListener<Of>): void {
		const listeners = this.#listeners.get(type) ?? new Set();
		this.#listeners.set(type, listeners.add(listener));
	}

	off<Of extends Type>(type: Of, listener: ConnectionManagerListener<Of>): void {
		this.#listeners.get(type)?.delete(listener);
	}

	/** @param create Makes the event, if there is anybody to tell it to. */
	emit<Of extends Type>(type: Of, create: () => ConnectionManagerEvents[Of]): void {
		const listeners = this.#listeners.get(type);
		const subscribed = channel(`${CHANNEL}${type}`);
		const isHeard = listeners !== undefined && listeners.size > 0;
		if (!isHeard && !subscribed.hasSubscribers) return;
		const event = create();
		subscribed.publish(event);
		if (!isHeard) return;
		for (const listener of [...listeners]) {
			this.#tell(type, listener as ConnectionManagerListener<Of>, event);
		}
	}

	#tell<Of extends Type>(
		type: Of,
		listener: ConnectionManagerListener<Of>,
		event: ConnectionManagerEvents[Of],
	): void {
		const failed = (error: unknown): void =>
			this.#report(`A listener for \`${type}\` of the connection manager failed`, error);
		try {
			Promise.resolve(listener(event)).catch(failed);
		} catch (error) {
			failed(error);
		}
	}
}
