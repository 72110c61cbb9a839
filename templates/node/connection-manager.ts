/**
 * `zastro-websockets-node/connection-manager`: every WebSocket connection of the process, for those
 * who run the site.
 */

import { SERVICE_RESTART } from '../shared/close-codes.ts';
import type { AstroWebSocket } from '../shared/types.ts';
import { type Connections, connections } from './connections.ts';
import { ConnectionView, type ManagedConnection, type OpenSlot } from './managed-connection.ts';
import type {
	ClosingReport,
	ConnectionManagerEvents,
	ConnectionManagerListener,
} from './manager-events.ts';
import type { ConnectionManagerOptions } from './manager-options.ts';
import { perProcess } from './per-process.ts';
import { type ConnectionSelection, select } from './selection.ts';
import { checkDuration, closing, type ShutdownOptions } from './shutdown.ts';
import { type BookedWebSocket, CONNECTION } from './slot.ts';
import { type ConnectionStats, getStats } from './stats.ts';

export type { CleanupPolicy } from './cleanup.ts';
export type { ManagedConnection, ManagedConnectionJSON, Traffic } from './managed-connection.ts';
export type {
	ClosingProgress,
	ClosingReport,
	ConnectionHealth,
	ConnectionManagerEvents,
	ConnectionManagerListener,
	ExceededRate,
	FullPool,
	RemovedConnection,
} from './manager-events.ts';
export type { ConnectionManagerOptions } from './manager-options.ts';
export type { ConnectionSelection } from './selection.ts';
export type { ShutdownOptions } from './shutdown.ts';
export type { ConnectionStats } from './stats.ts';

/** What a ping has found out about a connection. */
export interface HealthCheck {
	/** Of the connection. */
	readonly id: string;
	/** Whether it answered in time. */
	readonly isHealthy: boolean;
	/** Milliseconds until it did, `undefined` if it did not. */
	readonly roundTrip: number | undefined;
}

/** What pings to all open connections have found out. */
export interface HealthReport {
	/** `closing` while new connections are refused by a shutdown, `full` while by `maxConnections`. */
	readonly status: 'accepting' | 'full' | 'closing';
	readonly healthy: number;
	readonly unhealthy: readonly HealthCheck[];
	/** Milliseconds; of those that answered, `undefined` if none did. */
	readonly averageRoundTrip: number | undefined;
}

/** Options of a drain. */
export interface DrainOptions extends ShutdownOptions {
	/** Milliseconds over which clients are asked to close, so that they do not all come back at once. */
	over: number;
}

/** Milliseconds that a connection gets to answer a ping that was asked for. */
const CHECK_TIMEOUT = 5000;

/** The WebSocket connections of the process, of all its sites. */
export class ConnectionManager {
	readonly #books: Connections;

	/** @param books Those of the process: use `getConnectionManager()`. */
	constructor(books: Connections) {
		this.#books = books;
	}

	/** Open connections. */
	get size(): number {
		return this.#books.open;
	}

	/** The connections that are open now, the oldest first. */
	*[Symbol.iterator](): Generator<ManagedConnection> {
		for (const slot of [...this.#books.all()]) yield new ConnectionView(slot);
	}

	/** The open connection of that id. */
	getConnection(id: string): ManagedConnection | undefined {
		const slot = this.#books.find(id);
		return slot && new ConnectionView(slot);
	}

	/** The open connections with that tag. It takes as long as there are such. */
	getConnectionsByTag(tag: string): ManagedConnection[] {
		return this.#books.tagged(tag).map((slot) => new ConnectionView(slot));
	}

	/** How many connections have that tag. */
	countByTag(tag: string): number {
		return this.#books.countTagged(tag);
	}

	/** @returns Whether there is such a connection. */
	addConnectionTag(id: string, tag: string): boolean {
		return this.#with(id, (slot) => this.#books.addTag(slot, tag));
	}

	/** @returns Whether there is such a connection. */
	removeConnectionTag(id: string, tag: string): boolean {
		return this.#with(id, (slot) => this.#books.removeTag(slot, tag));
	}

	/**
	 * Puts something in place of `data` of `upgradeWebSocket()`.
	 *
	 * @returns Whether there is such a connection.
	 */
	setConnectionData(id: string, data: unknown): boolean {
		return this.#with(id, (slot) => {
			slot.data = data;
		});
	}

	/** `data` of the connection, `undefined` if there is no such connection. */
	getConnectionData(id: string): unknown {
		return this.#books.find(id)?.data;
	}

	/** What happened so far, and what there is now. */
	getStats(): ConnectionStats {
		return getStats();
	}

	/**
	 * Asks the clients of some connections to close.
	 *
	 * @returns How many there are.
	 * @throws TypeError for a selection that selects by nothing: for all connections there is
	 * `{ all: true }`.
	 */
	closeConnections(
		selection: ConnectionSelection,
		options: Pick<ShutdownOptions, 'code' | 'reason'> = {},
	): number {
		const { code, reason } = closing(options);
		const slots = select(this.#books, selection);
		for (const slot of slots) slot.close(code, reason);
		return slots.length;
	}

	/**
	 * Pings a connection.
	 *
	 * @param timeout Milliseconds that it gets to answer.
	 * @returns `undefined` if there is no such connection.
	 */
	async performHealthCheck(
		id: string,
		{ timeout = CHECK_TIMEOUT }: { readonly timeout?: number } = {},
	): Promise<HealthCheck | undefined> {
		checkDuration('timeout of a health check', timeout);
		const slot = this.#books.find(id);
		return slot && (await this.#check(slot, timeout));
	}

	/**
	 * Pings all connections.
	 *
	 * @param timeout Milliseconds that they get to answer.
	 */
	async healthCheck({
		timeout = CHECK_TIMEOUT,
	}: {
		readonly timeout?: number;
	} = {}): Promise<HealthReport> {
		checkDuration('timeout of a health check', timeout);
		const checks = await Promise.all(
			Array.from(this.#books.all(), (slot) => this.#check(slot, timeout)),
		);
		const unhealthy = checks.filter(({ isHealthy }) => !isHealthy);
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
	 * Refuses new connections of all sites from now on, asks the clients to close, and terminates
	 * what is left after the timeout.
	 */
	async shutdown(options: ShutdownOptions = {}): Promise<ClosingReport> {
		return await this.#books.shutdownAll(closing(options));
	}

	/**
	 * A shutdown for a deploy: clients are asked to close in small batches, the oldest first, and by
	 * default with 1012. A `shutdown()` in the meantime asks all at once.
	 */
	async drain({ over, ...options }: DrainOptions): Promise<ClosingReport> {
		checkDuration('time of a drain', over);
		return await this.#books.shutdownAll({
			...closing({ code: SERVICE_RESTART, ...options }),
			over,
		});
	}

	on<Type extends keyof ConnectionManagerEvents>(
		type: Type,
		listener: ConnectionManagerListener<Type>,
	): this {
		this.#books.events.on(type, listener);
		return this;
	}

	off<Type extends keyof ConnectionManagerEvents>(
		type: Type,
		listener: ConnectionManagerListener<Type>,
	): this {
		this.#books.events.off(type, listener);
		return this;
	}

	#with(id: string, change: (slot: OpenSlot) => void): boolean {
		const slot = this.#books.find(id);
		if (slot !== undefined) change(slot);
		return slot !== undefined;
	}

	async #check(slot: OpenSlot, timeout: number): Promise<HealthCheck> {
		const roundTrip = await this.#books.health.check(slot, timeout);
		return { id: slot.id, isHealthy: roundTrip !== undefined, roundTrip };
	}

	#status(): HealthReport['status'] {
		if (this.#books.isClosingAll) return 'closing';
		const { maxConnections } = this.#books.configuration.values;
		return this.#books.size >= maxConnections ? 'full' : 'accepting';
	}
}

/**
 * The connection manager of this process.
 *
 * @param options What the connections of the process live by. It has to be said before the first of
 * them, best in the hooks file, and cannot be contradicted later.
 * @throws TypeError for an option that is none, or is wrong; Error if it contradicts the adapter's
 * `websocket` option or what was said before, or comes too late.
 */
export function getConnectionManager(options: ConnectionManagerOptions = {}): ConnectionManager {
	const books = connections();
	books.configure(options);
	return perProcess('manager', () => new ConnectionManager(books));
}

/**
 * The id of a socket's connection.
 *
 * @returns `undefined` until the socket is open.
 */
export function getConnectionId(socket: AstroWebSocket): string | undefined {
	const booked: BookedWebSocket = socket;
	return booked[CONNECTION]?.id;
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
