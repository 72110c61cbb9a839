import { now } from '../shared/clock.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import type { Wire } from './transport.ts';

/** What is done to a connection that is silent. */
export interface Silence {
	/** Whether we ourselves keep the peer from being heard. */
	isPaused(): boolean;
	ping(): void;
	/** It did not answer a ping. */
	onDead(): void;
	/** It was idle for too long. */
	onIdle(): void;
}

/**
 * Listens for signs of life. Any bytes are one, not only pongs: a client that is half through a
 * large message is alive, and may be unable to answer.
 */
export class Liveness {
	readonly #silence: Silence;
	readonly #idleTimeout: number;
	readonly #clock: () => number;
	readonly #heartbeat: NodeJS.Timeout | undefined;
	#idle: NodeJS.Timeout | undefined;
	#heardAt: number;
	#pingedAt: number | undefined;

	constructor(
		wire: Wire,
		{ heartbeatInterval, idleTimeout }: ConnectionSettings,
		silence: Silence,
		clock: () => number = now,
	) {
		this.#silence = silence;
		this.#idleTimeout = idleTimeout;
		this.#clock = clock;
		this.#heardAt = clock();
		// Unreferenced: the connection keeps the process up, and nothing else should.
		if (heartbeatInterval > 0) {
			this.#heartbeat = setInterval(() => this.#beat(), heartbeatInterval).unref();
		}
		// With a heartbeat that finds out earlier, a second timer would never get to fire.
		if (idleTimeout > 0 && (heartbeatInterval === 0 || idleTimeout < 2 * heartbeatInterval)) {
			this.#expectWithin(idleTimeout);
		}
		if (this.#heartbeat === undefined && this.#idle === undefined) return;
		wire.on('data', () => {
			this.#heardAt = clock();
		});
	}

	stop(): void {
		clearInterval(this.#heartbeat);
		clearTimeout(this.#idle);
	}

	#beat(): void {
		const isSilent = this.#pingedAt !== undefined && this.#heardAt < this.#pingedAt;
		if (isSilent && !this.#silence.isPaused()) {
			this.#silence.onDead();
			return;
		}
		this.#pingedAt = this.#clock();
		this.#silence.ping();
	}

	#expectWithin(milliseconds: number): void {
		this.#idle = setTimeout(() => {
			if (this.#silence.isPaused()) this.#heardAt = this.#clock();
			const left = this.#heardAt + this.#idleTimeout - this.#clock();
			if (left > 0) this.#expectWithin(left);
			else this.#silence.onIdle();
		}, milliseconds).unref();
	}
}
