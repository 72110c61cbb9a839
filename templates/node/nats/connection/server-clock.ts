import { now } from '../../process/clock.ts';

/** The time of the server, as its messages tell it. */
export class ServerClock {
	readonly #clock: () => number;
	#offset: number;

	constructor(clock: () => number = now) {
		this.#clock = clock;
		this.#offset = Date.now() - clock();
	}

	/** The server has just stored a message, at this time. */
	told(time: string): void {
		const milliseconds = Date.parse(time);
		if (!Number.isNaN(milliseconds)) this.#offset = milliseconds - this.#clock();
	}

	/** Milliseconds since 1970. */
	now(): number {
		return this.#clock() + this.#offset;
	}
}
