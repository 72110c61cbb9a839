import { afterReading } from '../process/after-reading.ts';
import { now } from '../process/clock.ts';
import type { ConnectionSettings } from './connection-settings.ts';

/** Checks within the shorter of the two intervals. */
const CHECKS = 16;

/** The minimum of milliseconds between two checks. */
const MIN_PERIOD = 1;

/** Periods that count at most between two checks. Beyond that, the process was stalled. */
const MAX_PERIODS = 2;

/** A watched connection and its state. */
export interface MonitoredConnection {
	/** Whether data was received since the last check. */
	wasHeard: boolean;
	/** Time of the last check that found received data. */
	heardAt: number;
	/** Time of the next ping. */
	beatAt: number;
	/** Whether a ping is unanswered: no data was received since. */
	isAwaited: boolean;
	/** Whether reading is paused, because earlier messages still wait for the site. */
	readonly isPaused: boolean;
	ping(): void;
	/** Called if a ping was not answered. */
	onDead(): void;
	/** Called if the connection was idle for too long. */
	onIdle(): void;
}

/**
 * Watches all connections with the same settings for signs of life. Any received bytes are one, not
 * only pongs: a client in the middle of a large message is alive, and may be unable to answer.
 *
 * One timer checks all connections, because thousands of timers would take more memory than the
 * connections. Pings and timeouts are late by at most a sixteenth of their interval.
 *
 * Time during which the process was stalled does not count, because the peer did not cause it. Data
 * received by the end of a stall is read before a connection is judged.
 */
export class Liveness {
	readonly #heartbeatInterval: number;
	readonly #idleTimeout: number;
	readonly #clock: () => number;
	readonly #watched: Set<MonitoredConnection> = new Set();
	#timer: NodeJS.Timeout | undefined;
	/** Milliseconds between two checks. */
	#period = 0;
	#checkedAt = 0;
	/** Milliseconds that count, without stalls. */
	#time = 0;

	constructor({ heartbeatInterval, idleTimeout }: ConnectionSettings, clock: () => number = now) {
		this.#heartbeatInterval = heartbeatInterval;
		this.#idleTimeout = idleTimeout;
		this.#clock = clock;
	}

	watch(connection: MonitoredConnection): void {
		const shorter = Math.min(this.#heartbeatInterval || Infinity, this.#idleTimeout || Infinity);
		if (shorter === Infinity) return;
		if (this.#timer === undefined) this.#start(shorter);
		const time = this.#time + this.#elapsed();
		connection.heardAt = time;
		connection.beatAt = time + this.#heartbeatInterval;
		this.#watched.add(connection);
	}

	leave(connection: MonitoredConnection): void {
		this.#watched.delete(connection);
		if (this.#watched.size > 0) return;
		clearInterval(this.#timer);
		this.#timer = undefined;
	}

	#start(shorter: number): void {
		this.#period = Math.max(MIN_PERIOD, Math.floor(shorter / CHECKS));
		this.#checkedAt = this.#clock();
		// Unreferenced: only connections may keep the process alive.
		this.#timer = setInterval(() => this.#check(), this.#period).unref();
	}

	/**
	 * The counted milliseconds since the last check. Whole numbers, because a fraction would be a
	 * separate number on the heap for each connection.
	 */
	#elapsed(): number {
		return Math.round(Math.min(this.#clock() - this.#checkedAt, this.#period * MAX_PERIODS));
	}

	#check(): void {
		this.#time += this.#elapsed();
		this.#checkedAt = this.#clock();
		afterReading(() => {
			for (const connection of this.#watched) this.#checkOne(connection, this.#time);
		});
	}

	#checkOne(connection: MonitoredConnection, time: number): void {
		if (connection.wasHeard) connection.heardAt = time;
		// The answer to a ping waits behind unread data.
		if (connection.wasHeard || connection.isPaused) connection.isAwaited = false;
		connection.wasHeard = false;
		if (this.#heartbeatInterval > 0 && time >= connection.beatAt) {
			if (connection.isAwaited) {
				connection.onDead();
				return;
			}
			connection.isAwaited = true;
			connection.beatAt = time + this.#heartbeatInterval;
			connection.ping();
		}
		if (this.#idleTimeout > 0 && time - connection.heardAt >= this.#idleTimeout) {
			connection.onIdle();
		}
	}
}

const shared: WeakMap<ConnectionSettings, Liveness> = new WeakMap();

/** The shared instance for connections with these settings. */
export function livenessOf(settings: ConnectionSettings): Liveness {
	let liveness = shared.get(settings);
	if (liveness === undefined) {
		liveness = new Liveness(settings);
		shared.set(settings, liveness);
	}
	return liveness;
}
