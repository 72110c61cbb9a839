import { channel } from 'node:diagnostics_channel';
import type { Report, ReportSubject } from '../../../socket/report.ts';
import { undoneInDev } from '../../process/dev-modules.ts';
import type { ManagedConnection } from '../connections/managed-connection.ts';

/** An ended connection. */
export interface RemovedConnection {
	readonly connection: ManagedConnection;
	/** The code of the socket's `close` event: 1005 without a code, 1006 for a lost connection. */
	readonly code: number;
	readonly reason: string;
}

/** The result of a ping. */
export interface HealthCheck {
	/** The id of the connection. */
	readonly id: string;
	/** Whether the client answered in time. */
	readonly healthy: boolean;
	/** The reason for an unhealthy result, `undefined` for a healthy one. */
	readonly error: string | undefined;
	/** The latency in milliseconds, `undefined` without an answer. */
	readonly roundTrip: number | undefined;
}

/** The result of a ping of health monitoring. */
export interface ConnectionHealth extends HealthCheck {
	readonly connection: ManagedConnection;
	/** Unanswered pings in a row. */
	readonly missedPings: number;
}

/** A handshake refused by a limit of connections. */
export interface FullPool {
	/** The client address. For `maxConnections`, the address before the `clientAddress` hook. */
	readonly ip: string;
	/** The name of the limit. */
	readonly limit: 'maxConnections' | 'maxConnectionsPerIP';
	/** The value of the limit. */
	readonly most: number;
}

/** A handshake refused by the rate limit. */
export interface ExceededRate {
	/** The address of the client. */
	readonly ip: string;
	/** The client's handshakes in its window, including this one. */
	readonly attempts: number;
	/** The value of `rateLimitMaxConnections`. */
	readonly most: number;
	/** The value of `rateLimitWindow`, in milliseconds. */
	readonly window: number;
	/** Seconds until the client may try again. */
	readonly retryAfter: number;
}

/** The progress of a shutdown or a drain. */
export interface ClosingProgress {
	/** Connections at the start, including pending handshakes. */
	readonly connections: number;
	/** Connections that are left. */
	readonly remaining: number;
	/** Milliseconds since the start. */
	readonly elapsed: number;
}

/** The result of a shutdown or a drain. */
export interface ClosingReport {
	/** Connections at the start, including pending handshakes. */
	readonly connections: number;
	/** Connections that the clients closed in time. */
	readonly closed: number;
	/** Connections terminated at the timeout. */
	readonly terminated: number;
	/** The duration in milliseconds. */
	readonly elapsed: number;
}

/**
 * The events of the connection manager, with the arguments of their listeners. The last argument
 * holds all details. `node:diagnostics_channel` gets this argument.
 */
export interface ConnectionManagerEvents {
	/** A connection was opened. */
	'connection:added': [connection: ManagedConnection];
	/** A connection ended, for any reason. */
	'connection:removed': [removed: RemovedConnection];
	/** A ping of health monitoring was answered, or missed: not answered before the next one. */
	'connection:health': [connectionId: string, result: ConnectionHealth];
	/** `maxConnections` or `maxConnectionsPerIP` refused a handshake. */
	'pool:full': [rejected: FullPool];
	/** `rateLimitMaxConnections` refused a handshake. */
	'ratelimit:exceeded': [ip: string, attempts: number, rate: ExceededRate];
	/** The progress of a shutdown or a drain. */
	'shutdown:progress': [progress: ClosingProgress];
	/** A shutdown or a drain finished. */
	'shutdown:complete': [report: ClosingReport];
}

type Type = keyof ConnectionManagerEvents;
type Listener = (...args: never) => unknown;

/** A listener for one type of event. Its exceptions and rejections are reported. */
export type ConnectionManagerListener<Of extends Type> = (
	...args: ConnectionManagerEvents[Of]
) => unknown;

/** The prefix of `node:diagnostics_channel` names, followed by the type of the event. */
const CHANNEL = 'astro.websocket.';

/**
 * Notifies listeners and subscribers of `node:diagnostics_channel`. Events are emitted in the
 * middle of handshakes and closings, which no listener may break.
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
	 * @param create Creates the arguments of the listeners. Called only if there is a listener.
	 * @param subject The subject of the event, for reports about failing listeners.
	 */
	emit<Of extends Type>(
		type: Of,
		create: () => ConnectionManagerEvents[Of],
		subject?: ReportSubject,
	): void {
		const listeners = this.#listeners.get(type);
		const subscribed = channel(`${CHANNEL}${type}`);
		const hasListener = listeners !== undefined && listeners.size > 0;
		if (!hasListener && !subscribed.hasSubscribers) return;
		const args = create();
		subscribed.publish(args.at(-1));
		if (!hasListener) return;
		for (const listener of [...listeners]) {
			const failed = (error: unknown): void | Promise<void> =>
				this.#report(`A listener for \`${type}\` of the connection manager failed`, error, subject);
			notify(listener as ConnectionManagerListener<Of>, args, failed);
		}
	}
}

function notify<Of extends Type>(
	listener: ConnectionManagerListener<Of>,
	args: ConnectionManagerEvents[Of],
	failed: (error: unknown) => void | Promise<void>,
): void {
	try {
		Promise.resolve(listener(...args)).catch(failed);
	} catch (error) {
		failed(error);
	}
}
