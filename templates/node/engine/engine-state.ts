import type { Host } from '../../realtime/channel/ports.ts';
import type { EngineStatus } from '../../realtime/user/engine.ts';
import { START_PATIENCE } from './limits.ts';
import type { OperatorError } from './operator-error.ts';

export interface EngineStateInit {
	/** As in the option `realtime.engine`. */
	readonly name: string;
	readonly host: Pick<Host, 'alarm' | 'now' | 'report'>;
	/** Tells the operator of something that is no error. */
	readonly log: (message: string) => void;
}

/** Whether an engine can be used, and what the operator is told about that. */
export class EngineState {
	readonly #init: EngineStateInit;
	#isUp = false;
	/** Since when it is as it is. */
	#since: number;
	/** Why it cannot be used, the last time. */
	#failure: OperatorError | undefined;
	/** Whether somebody was told that the engine is down. */
	#isReported = false;
	/** What a starting server waits for. */
	#onFirst: ((failure?: OperatorError) => void) | undefined;

	constructor(init: EngineStateInit) {
		this.#init = init;
		this.#since = init.host.now();
	}

	/** @param lag Milliseconds that the last sign of life took. */
	status(lag: number | null): EngineStatus {
		const { name } = this.#init;
		const state = this.#isUp ? 'up' : 'down';
		return { name, state, since: this.#since, lag: this.#isUp ? lag : null };
	}

	/**
	 * Begins to connect, and waits until that has succeeded or failed. A server that cannot be reached
	 * for a while starts all the same, and its operator learns why channels do not work.
	 *
	 * @throws OperatorError if it needs somebody to act.
	 */
	async start(connect: () => void): Promise<void> {
		// A server that starts does not listen yet, and nothing else keeps its process running.
		const running = setInterval(() => {}, START_PATIENCE);
		try {
			await new Promise<void>((resolve, reject) => {
				const cancel = this.#init.host.alarm(START_PATIENCE, () => {
					this.#onFirst = undefined;
					this.#tellDown();
					resolve();
				});
				this.#onFirst = (failure) => {
					this.#onFirst = undefined;
					cancel();
					if (failure === undefined) resolve();
					else reject(failure);
				};
				connect();
			});
		} finally {
			clearInterval(running);
		}
	}

	/** It can be used. */
	up(): void {
		if (this.#isUp) return;
		this.#isUp = true;
		const { name, host, log } = this.#init;
		const seconds = Math.round((host.now() - this.#since) / 1000);
		this.#since = host.now();
		if (this.#isReported) log(`The realtime engine \`${name}\` works again, after ${seconds} s.`);
		this.#isReported = false;
		this.#onFirst?.();
	}

	/** It cannot be used, and a try to change that has failed. */
	down(failure: OperatorError): void {
		const wasUp = this.#isUp;
		if (wasUp) this.#since = this.#init.host.now();
		this.#isUp = false;
		this.#failure = failure;
		if (this.#onFirst !== undefined) {
			if (failure.isFinal) this.#onFirst(failure);
		} else if (wasUp || failure.isFinal) this.#tellDown();
	}

	/** The server ends. */
	close(): void {
		this.#isUp = false;
	}

	/** Once for each outage. */
	#tellDown(): void {
		if (this.#isReported) return;
		this.#isReported = true;
		const { name, host } = this.#init;
		host.report(
			`The realtime engine \`${name}\` does not work. Until it does, channels cannot be joined and messages are refused.`,
			this.#failure,
		);
	}
}
