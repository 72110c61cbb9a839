import type { Host } from '../../realtime/channel/ports.ts';

export interface TasksInit {
	/** As in the option `realtime.engine`. */
	readonly name: string;
	readonly host: Pick<Host, 'alarm' | 'report' | 'waitUntil'>;
	/** Whether the server of the engine can be reached. */
	readonly isConnected: () => boolean;
}

/** What an engine does by itself. An outage may end it, and it is done again afterwards. */
export class Tasks {
	readonly #init: TasksInit;
	readonly #timers = new Set<() => void>();
	#isClosed = false;

	constructor(init: TasksInit) {
		this.#init = init;
	}

	/** Reports what fails for another reason than an outage. */
	do(work: Promise<void>): void {
		const { name, host } = this.#init;
		host.waitUntil(
			work.catch((error: unknown) => host.report(`The realtime engine \`${name}\` failed`, error)),
		);
	}

	/** Does something again and again while the engine is connected, with a pause in between. */
	every(interval: number, work: () => Promise<void>): void {
		const { host, isConnected } = this.#init;
		let cancel = (): void => {};
		const next = (): void => {
			this.#timers.delete(cancel);
			if (this.#isClosed) return;
			cancel = host.alarm(interval, () => {
				const done = isConnected() ? work() : Promise.resolve();
				this.do(done.finally(next));
			});
			this.#timers.add(cancel);
		};
		next();
	}

	/** Ends what is done again and again. */
	close(): void {
		this.#isClosed = true;
		for (const cancel of this.#timers) cancel();
		this.#timers.clear();
	}
}
