import { afterReading } from '../process/after-reading.ts';
import { now } from '../process/clock.ts';
import type { ConnectionSettings } from './connection-settings.ts';

/** How many times within the shorter of the two times connections are looked at. */
const LOOKS = 16;

/** Milliseconds between two looks. */
const MIN_PERIOD = 1;

/** Periods that count at most between two looks. What is beyond that, the process was stalled. */
const MAX_PERIODS = 2;

/** A connection that is watched, and what is known of it. */
export interface MonitoredConnection {
	/** Whether something came in since the last look. */
	wasHeard: boolean;
	/** When it was found to be heard. */
	heardAt: number;
	/** When to ping it next. */
	beatAt: number;
	/** Whether it was pinged, and not heard since. */
	isAwaited: boolean;
	/** Whether nothing is read from the peer, because what was read before still waits for the site. */
	readonly isPaused: boolean;
	ping(): void;
	/** It did not answer a ping. */
	onDead(): void;
	/** It was idle for too long. */
	onIdle(): void;
}

/**
 * Listens for signs of life of all connections with the same settings. Any bytes are one, not only
 * pongs: a client that is half through a large message is alive, and may be unable to answer.
 *
 * One timer looks at all of them, because thousands of timers would take more memory than the
 * connections that they watch. What it does is late by a sixteenth of its time at most.
 *
 * Time in which the process was stalled does not count: no peer can be blamed for it. What has
 * arrived by the end of a stall is read before anything is judged.
 */
export class Liveness {
	readonly #heartbeatInterval: number;
	readonly #idleTimeout: number;
	readonly #clock: () => number;
	readonly #watched: Set<MonitoredConnection> = new Set();
	#timer: NodeJS.Timeout | undefined;
	/** Milliseconds between two looks. */
	#period = 0;
	#lookedAt = 0;
	/** Milliseconds that count. */
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
		this.#period = Math.max(MIN_PERIOD, Math.floor(shorter / LOOKS));
		this.#lookedAt = this.#clock();
		// Unreferenced: connections keep the process up, and nothing else should.
		this.#timer = setInterval(() => this.#look(), this.#period).unref();
	}

	/**
	 * What counts of the time since the last look, in whole milliseconds: others would each be a number
	 * on the heap.
	 */
	#elapsed(): number {
		return Math.round(Math.min(this.#clock() - this.#lookedAt, this.#period * MAX_PERIODS));
	}

	#look(): void {
		this.#time += this.#elapsed();
		this.#lookedAt = this.#clock();
		afterReading(() => {
			for (const connection of this.#watched) this.#lookAt(connection, this.#time);
		});
	}

	#lookAt(connection: MonitoredConnection, time: number): void {
		if (connection.wasHeard) connection.heardAt = time;
		// The answer to a ping waits behind what is not read.
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

/** That of all connections with these settings. */
export function livenessOf(settings: ConnectionSettings): Liveness {
	let liveness = shared.get(settings);
	if (liveness === undefined) {
		liveness = new Liveness(settings);
		shared.set(settings, liveness);
	}
	return liveness;
}
