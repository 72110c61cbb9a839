import { isOutage } from '../../../realtime/channel/outage.ts';
import { newer, refused, unanswered, unavailable } from '../../engine/answers.ts';
import { DEADLINE, MAX_PENDING, MAX_PENDING_BYTES } from '../../engine/limits.ts';
import { afterReading } from '../../process/after-reading.ts';
import { now } from '../../process/clock.ts';
import type { Script } from '../scripts/script.ts';
import type { Argument, RedisClient } from './client.ts';

/** Milliseconds between two looks for commands that got no answer. */
const LOOK = 500;

/** Errors with which Redis says that it cannot work now. The engine is down then, and reports it. */
const TELLING: ReadonlySet<string> = new Set([
	'BUSY',
	'CLUSTERDOWN',
	'LOADING',
	'MASTERDOWN',
	'MISCONF',
	'NOREPLICAS',
	'OOM',
	'TRYAGAIN',
]);

interface Pending {
	readonly client: RedisClient;
	readonly since: number;
	readonly size: number;
	readonly reject: (error: Error) => void;
}

export interface CommandsInit {
	/** The client while the link is up. */
	readonly client: () => RedisClient | undefined;
	/** The link cannot be used as it is. */
	readonly drop: (reason: Error) => void;
	readonly report: (message: string, error: unknown) => void;
}

/**
 * Sends commands within a time. Each is sent once: one that fails after it was sent may have been
 * done, and rejects with `TIMEOUT`.
 */
export class Commands {
	readonly #init: CommandsInit;
	/** Oldest first. */
	readonly #pending = new Set<Pending>();
	/** The names of the scripts that each client has sent. */
	readonly #scripts = new WeakMap<RedisClient, Set<string>>();
	/** The kinds of refusals that were reported. */
	readonly #told = new Set<string>();
	#bytes = 0;
	#timer: NodeJS.Timeout | undefined;
	/** The connection that gets the commands of this moment. */
	#corked: RedisClient['stream'];

	constructor(init: CommandsInit) {
		this.#init = init;
	}

	/** The number of commands without an answer. */
	get pending(): number {
		return this.#pending.size;
	}

	/**
	 * Runs a script.
	 *
	 * @throws RealtimeError `SERVICE_UNAVAILABLE` if it did nothing, `TIMEOUT` if it may have.
	 */
	async run(
		{ sha, text }: Script,
		keys: readonly string[],
		args: readonly Argument[],
	): Promise<unknown> {
		const given = [keys.length, ...keys, ...args];
		// A server that restarted has no scripts. If it said so, later commands could overtake this one.
		if (!this.#isFirst(sha)) {
			try {
				return await this.send('EVALSHA', sha, ...given);
			} catch (error) {
				// It has forgotten the script, or is another server of a Cluster.
				if (!(error instanceof UnknownScript)) throw error;
			}
		}
		return await this.send('EVAL', text, ...given);
	}

	/** Whether a connection gets a script for the first time. */
	#isFirst(sha: string): boolean {
		const client = this.#init.client();
		if (client === undefined) return false;
		const sent = this.#scripts.get(client) ?? new Set();
		this.#scripts.set(client, sent);
		const isFirst = !sent.has(sha);
		sent.add(sha);
		return isFirst;
	}

	/** Sends a command. @throws RealtimeError as {@link run} does. */
	async send(command: string, ...args: readonly Argument[]): Promise<unknown> {
		const client = this.#init.client();
		if (client === undefined) throw unavailable();
		const size = args.reduce<number>(
			(sum, arg) => sum + (typeof arg === 'number' ? 8 : arg.length),
			0,
		);
		if (this.#pending.size >= MAX_PENDING || this.#bytes + size > MAX_PENDING_BYTES) {
			throw unavailable('The realtime engine is overloaded.');
		}
		return await new Promise((resolve, reject) => {
			const pending = { client, since: now(), size, reject };
			this.#add(pending);
			this.#cork(client);
			client.callBuffer(command, ...args).then(
				(answer) => {
					// An answer after the deadline comes too late: its command counts as failed.
					if (this.#remove(pending)) resolve(answer);
				},
				(error: Error) => {
					if (this.#remove(pending)) reject(this.#failure(error));
				},
			);
		});
	}

	/** The connection ended. What was sent may have been done. */
	fail(): void {
		for (const pending of [...this.#pending]) {
			if (this.#remove(pending)) pending.reject(unanswered());
		}
	}

	#add(pending: Pending): void {
		this.#pending.add(pending);
		this.#bytes += pending.size;
		this.#timer ??= setInterval(() => afterReading(() => this.#look()), LOOK).unref();
	}

	#remove(pending: Pending): boolean {
		if (!this.#pending.delete(pending)) return false;
		this.#bytes -= pending.size;
		return true;
	}

	/** Writes the commands of a moment together. */
	#cork({ stream }: RedisClient): void {
		if (stream === undefined || this.#corked === stream) return;
		this.#corked = stream;
		stream.cork();
		process.nextTick(() => {
			this.#corked = undefined;
			stream.uncork();
		});
	}

	#look(): void {
		const late = now() - DEADLINE;
		let isSilent = false;
		for (const pending of this.#pending) {
			if (pending.since > late) break;
			this.#remove(pending);
			pending.reject(unanswered());
			isSilent ||= pending.client === this.#init.client();
		}
		if (isSilent) {
			this.#init.drop(new Error(`There was no answer within ${DEADLINE / 1000} s.`));
		}
		if (this.#pending.size > 0) return;
		clearInterval(this.#timer);
		this.#timer = undefined;
	}

	#failure(error: Error): Error {
		if (isOutage(error)) return error;
		// Errors of the connection have no command; those of Redis begin with a word in capitals.
		const [word = ''] = /^[A-Z]{2,}(?= )/.exec(error.message) ?? [];
		if (word === 'NOSCRIPT') return new UnknownScript();
		if (word === 'READONLY') {
			this.#init.drop(error);
			return unavailable();
		}
		if (word === 'ZNEWER') return newer();
		if (word !== '') return this.#refused(word, error.message);
		return error.message.startsWith("Stream isn't ") ? unavailable() : unanswered();
	}

	#refused(word: string, reason: string): Error {
		const isForNow = TELLING.has(word);
		const failure = refused(reason, isForNow);
		if (!isForNow && !this.#told.has(word)) {
			this.#told.add(word);
			this.#init.report('The realtime engine `redis` refuses a command', failure.cause);
		}
		return failure;
	}
}

class UnknownScript extends Error {}
