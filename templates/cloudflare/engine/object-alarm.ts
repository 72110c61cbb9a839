import type { ObjectStorage } from './storage.ts';

/** The runtime sets no alarm for a time after 2189. Such a deadline is as good as none. */
const NEVER = 6_900_000_000_000;

interface Wake {
	readonly at: number;
	readonly callback: () => void;
}

/**
 * The one alarm of an object. It rings at the earliest of all deadlines, and may ring too early:
 * what rings has to look at the clock.
 */
export class ObjectAlarm {
	readonly #storage: Pick<ObjectStorage, 'getAlarm' | 'setAlarm'>;
	readonly #now: () => number;
	readonly #report: (message: string, error: unknown) => void;
	readonly #wakes = new Set<Wake>();
	/** When it rings, in milliseconds since 1970. */
	#time: number = NEVER;
	#isRinging = false;

	constructor(
		storage: Pick<ObjectStorage, 'getAlarm' | 'setAlarm'>,
		now: () => number,
		report: (message: string, error: unknown) => void,
	) {
		this.#storage = storage;
		this.#now = now;
		this.#report = report;
	}

	/** Reads when the alarm rings, after a sleep. */
	async load(): Promise<void> {
		this.#time = (await this.#storage.getAlarm()) ?? NEVER;
	}

	/**
	 * Makes the alarm ring at a time, or before it. Setting an alarm costs a written row, so it is
	 * never set later.
	 */
	ringBy(time: number): void {
		if (time >= this.#time) return;
		this.#time = time;
		if (!this.#isRinging) this.#set(time);
	}

	/** Calls back once, if the object does not forget it by sleeping. The result cancels. */
	wakeAfter(milliseconds: number, callback: () => void): () => void {
		const wake = { at: this.#now() + milliseconds, callback };
		this.#wakes.add(wake);
		this.ringBy(wake.at);
		return () => {
			this.#wakes.delete(wake);
		};
	}

	/**
	 * The alarm has rung, and is not set any more.
	 *
	 * @param work Does what else is due, and asks for the next ring. It is set once.
	 */
	rang(work: () => void): void {
		this.#time = NEVER;
		this.#isRinging = true;
		try {
			const now = this.#now();
			for (const wake of [...this.#wakes]) {
				if (wake.at > now) this.ringBy(wake.at);
				else if (this.#wakes.delete(wake)) wake.callback();
			}
			work();
		} finally {
			this.#isRinging = false;
			if (this.#time < NEVER) this.#set(this.#time);
		}
	}

	#set(time: number): void {
		this.#storage.setAlarm(time).catch((error: unknown) => {
			this.#time = NEVER;
			this.#report('The alarm of a realtime object cannot be set', error);
		});
	}
}
