/**
 * `zastro-websockets-node/connection-manager`: every WebSocket connection of the process, for the
 * operators of a site.
 */

import { SERVICE_RESTART } from '../../socket/close-codes.ts';
import type { AstroWebSocket } from '../../socket/types.ts';
import { perProcess } from '../process/per-process.ts';
import { CONNECTION, type OpenEntry, type RegisteredWebSocket } from './connections/entry.ts';
import { EntryView } from './connections/entry-view.ts';
import type { ConnectionData, ManagedConnection } from './connections/managed-connection.ts';
import { checkDuration, closing, type ShutdownOptions } from './connections/shutdown-options.ts';
import { processRegistry, type Registry } from './registry.ts';
import { type ConnectionSelection, select } from './selection.ts';
import { type ConnectionStats, getStats } from './stats.ts';
import { healthCheck, noAnswer } from './upkeep/health.ts';
import type {
	ClosingReport,
	ConnectionManagerEvents,
	ConnectionManagerListener,
	HealthCheck,
} from './upkeep/manager-events.ts';
import type { ConnectionManagerOptions } from './upkeep/manager-options.ts';

export type {
	ConnectionData,
	ManagedConnection,
	ManagedConnectionJSON,
	Traffic,
} from './connections/managed-connection.ts';
export type { ShutdownOptions } from './connections/shutdown-options.ts';
export type { ConnectionSelection } from './selection.ts';
export type { ConnectionStats } from './stats.ts';
export type { CleanupPolicy } from './upkeep/cleanup.ts';
export type {
	ClosingProgress,
	ClosingReport,
	ConnectionHealth,
	ConnectionManagerEvents,
	ConnectionManagerListener,
	ExceededRate,
	FullPool,
	HealthCheck,
	RemovedConnection,
} from './upkeep/manager-events.ts';
export type { ConnectionManagerOptions } from './upkeep/manager-options.ts';

/** The result of pings to all open connections. */
export interface HealthReport {
	/** `closing` while a shutdown refuses new connections, `full` at `maxConnections`. */
	readonly status: 'accepting' | 'full' | 'closing';
	readonly healthy: number;
	readonly unhealthy: readonly HealthCheck[];
	/** The average over the answered pings in milliseconds, `undefined` if none was answered. */
	readonly averageRoundTrip: number | undefined;
}

/** Options of a health check. */
export interface HealthCheckOptions {
	/**
	 * Milliseconds for a client to answer.
	 *
	 * @default {5000} 5 seconds
	 */
	timeout?: number;
}

/** Options of a drain. */
export interface DrainOptions extends ShutdownOptions {
	/**
	 * Milliseconds over which connections are closed, so that clients do not all reconnect at once.
	 */
	over: number;
}

/** The options of each method, so that a misspelled option is an error. */
const CLOSING_OPTIONS: readonly (keyof ShutdownOptions)[] = ['closeCode', 'closeReason'];
const SHUTDOWN_OPTIONS: readonly (keyof ShutdownOptions)[] = ['timeout', ...CLOSING_OPTIONS];
const DRAIN_OPTIONS: readonly (keyof DrainOptions)[] = ['over', ...SHUTDOWN_OPTIONS];
const CHECK_OPTIONS: readonly (keyof HealthCheckOptions)[] = ['timeout'];

/** The WebSocket connections of all sites of the process. */
export class ConnectionManager {
	readonly #registry: Registry;

	/** @param registry The registry of the process: use `getConnectionManager()`. */
	constructor(registry: Registry) {
		this.#registry = registry;
	}

	/** The number of open connections. */
	get size(): number {
		return this.#registry.open;
	}

	/** The open connections, the oldest first. */
	*[Symbol.iterator](): Generator<ManagedConnection> {
		for (const entry of [...this.#registry.all()]) yield new EntryView(entry);
	}

	/** Returns the open connection with this id. */
	getConnection(id: string): ManagedConnection | undefined {
		const entry = this.#registry.find(id);
		return entry && new EntryView(entry);
	}

	/** Returns the open connections with this tag. The cost is proportional to their number. */
	getConnectionsByTag(tag: string): ManagedConnection[] {
		return this.#registry.tagged(tag).map((entry) => new EntryView(entry));
	}

	/** Returns the number of connections with this tag. */
	countByTag(tag: string): number {
		return this.#registry.countTagged(tag);
	}

	/**
	 * Adds a tag to an open connection.
	 *
	 * @returns Whether the connection exists.
	 */
	addConnectionTag(id: string, tag: string): boolean {
		return this.#with(id, (entry) => this.#registry.addTag(entry, tag));
	}

	/**
	 * Removes a tag from an open connection.
	 *
	 * @returns Whether the connection exists.
	 */
	removeConnectionTag(id: string, tag: string): boolean {
		return this.#with(id, (entry) => this.#registry.removeTag(entry, tag));
	}

	/**
	 * Sets one key of the connection's data, which starts as `data` of `upgradeWebSocket()`.
	 *
	 * @returns Whether the connection exists.
	 * @throws TypeError for a key that is not a string.
	 */
	setConnectionData(id: string, key: string, value: unknown): boolean {
		if (typeof key !== 'string') {
			throw new TypeError(`The key of connection data must be a string, got: ${typeof key}`);
		}
		return this.#with(id, (entry) => {
			entry.data = { ...entry.data, [key]: value };
		});
	}

	/** Returns the data of the connection, `undefined` if the connection does not exist. */
	getConnectionData(id: string): ConnectionData | undefined;
	/** Returns the value of one key, `undefined` if there is none. */
	getConnectionData(id: string, key: string): unknown;
	getConnectionData(id: string, key?: string): unknown {
		const data = this.#registry.find(id)?.data;
		if (key === undefined || data === undefined) return data;
		return Object.hasOwn(data, key) ? data[key] : undefined;
	}

	/** Returns the totals since the start of the process, and the current state. */
	getStats(): ConnectionStats {
		return getStats();
	}

	/**
	 * Closes every connection that matches all conditions.
	 *
	 * @returns The number of these connections.
	 * @throws TypeError for a selection without a condition. To close all connections, pass
	 * `{ all: true }`.
	 */
	closeConnections(
		selection: ConnectionSelection,
		options: Omit<ShutdownOptions, 'timeout'> = {},
	): number {
		rejectUnknown('closeConnections', options, CLOSING_OPTIONS);
		const { code, reason } = closing(options);
		const entries = select(this.#registry, selection);
		for (const entry of entries) entry.close(code, reason);
		return entries.length;
	}

	/** Pings a connection. An unknown id is unhealthy. */
	async performHealthCheck(id: string, options: HealthCheckOptions = {}): Promise<HealthCheck> {
		const timeout = checkTimeout('performHealthCheck', options);
		const entry = this.#registry.find(id);
		if (entry === undefined) {
			return healthCheck(id, undefined, 'There is no open connection with this id');
		}
		return await this.#check(entry, timeout);
	}

	/** Pings all connections. */
	async healthCheck(options: HealthCheckOptions = {}): Promise<HealthReport> {
		const timeout = checkTimeout('healthCheck', options);
		const checks = await Promise.all(
			Array.from(this.#registry.all(), (entry) => this.#check(entry, timeout)),
		);
		const unhealthy = checks.filter(({ healthy }) => !healthy);
		const times = checks.flatMap(({ roundTrip }) => roundTrip ?? []);
		return {
			status: this.#status(),
			healthy: times.length,
			unhealthy,
			averageRoundTrip:
				times.length === 0 ? undefined : times.reduce((sum, time) => sum + time) / times.length,
		};
	}

	/**
	 * Shuts all sites of the process down: refuses new connections, closes the open ones, and
	 * terminates those left after the timeout.
	 */
	async shutdown(options: ShutdownOptions = {}): Promise<ClosingReport> {
		rejectUnknown('shutdown', options, SHUTDOWN_OPTIONS);
		return await this.#registry.shutdownAll(closing(options));
	}

	/**
	 * A shutdown for deployments. It closes connections in small batches, the oldest first, by
	 * default with 1012. A `shutdown()` during a drain closes all remaining connections at once.
	 */
	async drain(options: DrainOptions): Promise<ClosingReport> {
		rejectUnknown('drain', options, DRAIN_OPTIONS);
		const { over, ...rest } = options;
		checkDuration('time of a drain', over);
		return await this.#registry.shutdownAll({
			...closing({ closeCode: SERVICE_RESTART, ...rest }),
			over,
		});
	}

	/** Adds a listener for one type of event. */
	on<Type extends keyof ConnectionManagerEvents>(
		type: Type,
		listener: ConnectionManagerListener<Type>,
	): this {
		this.#registry.events.on(type, listener);
		return this;
	}

	/** Removes a listener. */
	off<Type extends keyof ConnectionManagerEvents>(
		type: Type,
		listener: ConnectionManagerListener<Type>,
	): this {
		this.#registry.events.off(type, listener);
		return this;
	}

	#with(id: string, change: (entry: OpenEntry) => void): boolean {
		const entry = this.#registry.find(id);
		if (entry !== undefined) change(entry);
		return entry !== undefined;
	}

	async #check(entry: OpenEntry, timeout: number): Promise<HealthCheck> {
		const roundTrip = await this.#registry.health.check(entry, timeout);
		if (roundTrip !== undefined) return healthCheck(entry.id, roundTrip, undefined);
		const error = entry.hasEnded ? 'The connection ended before the answer' : noAnswer(timeout);
		return healthCheck(entry.id, undefined, error);
	}

	#status(): HealthReport['status'] {
		if (this.#registry.isClosingAll) return 'closing';
		const { maxConnections } = this.#registry.configuration.values;
		return this.#registry.size >= maxConnections ? 'full' : 'accepting';
	}
}

/**
 * Returns the connection manager of this process.
 *
 * @param options Limits and services for all connections of the process. Pass them in the hooks
 * file, which is loaded before the first connection. Limits passed later apply to later connections
 * only.
 * @throws TypeError for an unknown option or an invalid value. Error for a value that contradicts
 * the adapter's `websocket` option or an earlier call.
 */
export function getConnectionManager(options: ConnectionManagerOptions = {}): ConnectionManager {
	const registry = processRegistry();
	registry.configure(options);
	return perProcess('manager', () => new ConnectionManager(registry));
}

/**
 * Returns the id of a socket's connection.
 *
 * @returns `undefined` until the socket is open.
 */
export function getConnectionId(socket: AstroWebSocket): string | undefined {
	const registered: RegisteredWebSocket = socket;
	return registered[CONNECTION]?.id;
}

/**
 * Throws for unknown options. A value other than an object is ignored: callbacks may pass one, such
 * as the name of a signal.
 */
function rejectUnknown(method: string, options: unknown, known: readonly string[]): void {
	if (typeof options !== 'object' || options === null) return;
	const unknownName = Object.keys(options).find((name) => !known.includes(name));
	if (unknownName === undefined) return;
	throw new TypeError(
		`\`${unknownName}\` is not an option of \`${method}()\`. The options are: \`${known.join('`, `')}\``,
	);
}

function checkTimeout(method: string, options: HealthCheckOptions): number {
	rejectUnknown(method, options, CHECK_OPTIONS);
	const { timeout = 5000 } = options;
	checkDuration('timeout of a health check', timeout);
	return timeout;
}

/** The manager's methods as functions. */
export const ConnectionManagerAPI: Pick<
	ConnectionManager,
	'getStats' | 'healthCheck' | 'closeConnections' | 'shutdown'
> = {
	getStats: () => getConnectionManager().getStats(),
	healthCheck: (options) => getConnectionManager().healthCheck(options),
	closeConnections: (selection, options) =>
		getConnectionManager().closeConnections(selection, options),
	shutdown: (options) => getConnectionManager().shutdown(options),
};
