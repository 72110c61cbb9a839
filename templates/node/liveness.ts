import { now } from './clock.ts';
import type { ConnectionSettings } from './connection-settings.ts';

/** How many times within the shorter of the two times connections are looked at. */
const LOOKS = 16;

/** Milliseconds between two looks. */
const MIN_PERIOD = 1;

/** A connection that is watched, and what is known of it. */
export interface Watched {
	/** Whether something came in since the last look. */
	wasHeard: boolean;
	/** When it was found to be heard. */
	heardAt: number;
	/** When to ping it next. */
	beatAt: number;
	/** Whether it was pinged, and not heard since. */
	isAwaited: boolean;
	/** Whether we ourselves keep the peer from being heard. */
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
 */
export class Liveness {
	readonly #heartbeatInterval: number;
	readonly #idleTimeout: number;
	readonly #clock: () => number;
	readonly #watched: Set<Watched> = new Set();
	#timer: NodeJS.Timeout | undefined;

	constructor({ heartbeatInterval, idleTimeout }: ConnectionSettings, clock: () => number = now) {
		this.#heartbeatInterval = heartbeatInterval;
		this.#idleTimeout = idleTimeout;
		this.#clock = clock;
	}

	watch(connection: Watched): void {
		const shorter = Math.min(this.#heartbeatInterval || Infinity, this.#idleTimeout || Infinity);
		if (shorter === Infinity) return;
		const time = this.#time();
		connection.heardAt = time;
		connection.beatAt = time + this.#heartbeatInterval;
		this.#watched.add(connection);
		// Unreferenced: connections keep the process up, and nothing else should.
		this.#timer ??= setInterval(
			() => this.#look(),
			Math.max(MIN_PERIOD, Math.floor(shorter / LOOKS)),
		).unref();
	}

	leave(connection: Watched): void {
		this.#watched.delete(connection);
		if (this.#watched.size > 0) return;
		clearInterval(this.#timer);
		this.#timer = undefined;
	}

	/** Whole milliseconds: others would each be a number on the heap. */
	#time(): number {
		return Math.round(this.#clock());
	}

	#look(): void {
		const time = this.#time();
		for (const connection of this.#watched) this.#lookAt(connection, time);
	}

	#lookAt(connection: Watched, time: number): void {
		if (connection.wasHeard || connection.isPaused) {
			connection.wasHeard = false;
			connection.isAwaited = false;
			connection.heardAt = time;
		}
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
