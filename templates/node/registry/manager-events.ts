import { channel } from 'node:diagnostics_channel';
import type { Report, ReportSubject } from '../../socket/report.ts';
import { undoneInDev } from '../process/dev-modules.ts';
import type { ManagedConnection } from './managed-connection.ts';

/** A connection that has ended. */
export interface RemovedConnection {
	readonly connection: ManagedConnection;
	/** What the `close` event of the socket says: 1005 if there was no code, 1006 if it was lost. */
	readonly code: number;
	readonly reason: string;
}

/** The result of a ping. */
export interface HealthCheck {
	/** The id of the connection. */
	readonly id: string;
	/** Whether the client answered in time. */
	readonly healthy: boolean;
	/** Why the connection counts as unhealthy, `undefined` for a healthy one. */
	readonly error: string | undefined;
	/** Milliseconds until the answer, `undefined` without one. */
	readonly roundTrip: number | undefined;
}

/** The result of a ping of the health monitoring. */
export interface ConnectionHealth extends HealthCheck {
	readonly connection: ManagedConnection;
	/** Pings in a row without an answer. */
	readonly missedPings: number;
}

/** A handshake that a limit on connections refused. */
export interface FullPool {
	/** The address of the client. For `maxConnections` that is before the `clientAddress` hook. */
	readonly ip: string;
	/** The limit that refused it. */
	readonly limit: 'maxConnections' | 'maxConnectionsPerIP';
	/** The value of that limit. */
	readonly most: number;
}

/** A handshake that the rate limit refused. */
export interface ExceededRate {
	/** The address of the client. */
	readonly ip: string;
	/** The number of handshakes of the client in its window, this one included. */
	readonly attempts: number;
	/** The value of `rateLimitMaxConnections`. */
	readonly most: number;
	/** The value of `rateLimitWindow`, in milliseconds. */
	readonly window: number;
	/** Seconds until the client may try again. */
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

/**
 * The events of the connection manager, with the arguments of their listeners. The last argument
 * holds everything that is known: it is also what `node:diagnostics_channel` gets.
 */
export interface ConnectionManagerEvents {
	/** A handshake is complete. */
	'connection:added': [connection: ManagedConnection];
	/** A connection has ended, for whatever reason. */
	'connection:removed': [removed: RemovedConnection];
	/** A ping of the health monitoring was answered, or was not answered before the next one. */
	'connection:health': [connectionId: string, result: ConnectionHealth];
	/** `maxConnections` or `maxConnectionsPerIP` refused a handshake. */
	'pool:full': [rejected: FullPool];
	/** `rateLimitMaxConnections` refused a handshake. */
	'ratelimit:exceeded': [ip: string, attempts: number, rate: ExceededRate];
	/** A shutdown or a drain goes on. */
	'shutdown:progress': [progress: ClosingProgress];
	/** A shutdown or a drain is over. */
	'shutdown:complete': [report: ClosingReport];
}

type Type = keyof ConnectionManagerEvents;
type Listener = (...told: never) => unknown;

/** A listener for one type of event. An error that it throws, or rejects with, is reported. */
export type ConnectionManagerListener<Of extends Type> = (
	...told: ConnectionManagerEvents[Of]
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
		undoneInDev(() => this.off(type, listener));
	}

	off<Of extends Type>(type: Of, listener: ConnectionManagerListener<Of>): void {
		this.#listeners.get(type)?.delete(listener);
	}

	/**
	 * @param create Makes the arguments of the listeners. It runs only if somebody listens.
	 * @param subject What the event is about, for the report about a listener that fails.
	 */
	emit<Of extends Type>(
		type: Of,
		create: () => ConnectionManagerEvents[Of],
		subject?: ReportSubject,
	): void {
		const listeners = this.#listeners.get(type);
		const subscribed = channel(`${CHANNEL}${type}`);
		const isHeard = listeners !== undefined && listeners.size > 0;
		if (!isHeard && !subscribed.hasSubscribers) return;
		const told = create();
		subscribed.publish(told.at(-1));
		if (!isHeard) return;
		for (const listener of [...listeners]) {
			const failed = (error: unknown): void | Promise<void> =>
				this.#report(`A listener for \`${type}\` of the connection manager failed`, error, subject);
			tell(listener as ConnectionManagerListener<Of>, told, failed);
		}
	}
}

function tell<Of extends Type>(
	listener: ConnectionManagerListener<Of>,
	told: ConnectionManagerEvents[Of],
	failed: (error: unknown) => void | Promise<void>,
): void {
	try {
		Promise.resolve(listener(...told)).catch(failed);
	} catch (error) {
		failed(error);
	}
}
