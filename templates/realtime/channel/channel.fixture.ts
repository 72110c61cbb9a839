import type { Data, Frame } from '../protocol/server-frames.ts';
import type { HandlerDeadline } from './handler-deadline.ts';
import type { Host, Link } from './ports.ts';
import type { ChannelRules, ClientMessage } from './rules.ts';

/** A generator of numbers from 0 to 1 from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

interface Alarm {
	readonly at: number;
	readonly callback: () => void;
	/** Whether it wakes a process that sleeps. */
	readonly wakes: boolean;
}

/** A host whose clock stands still until a test moves it. */
export class ManualHost implements Host {
	readonly reports: string[] = [];
	/** Resolves when everything that waits for no alarm has happened. */
	settled: () => Promise<void> = settled;
	readonly #random: () => number;
	readonly #alarms = new Set<Alarm>();
	#now = 1_000_000;

	constructor(seed = 1) {
		this.#random = seededRandom(seed);
	}

	now(): number {
		return this.#now;
	}

	random(length: number): string {
		return Array.from({ length }, () => Math.floor(this.#random() * 36).toString(36)).join('');
	}

	secret(): string {
		return this.random(22);
	}

	alarm(milliseconds: number, callback: () => void): () => void {
		return this.#set(milliseconds, callback, false);
	}

	wakeAfter(milliseconds: number, callback: () => void): () => void {
		return this.#set(milliseconds, callback, true);
	}

	/** Whether something runs that a process would forget if it slept. */
	get isBusy(): boolean {
		return [...this.#alarms].some(({ wakes }) => !wakes);
	}

	/** Forgets what only a process knows. */
	sleep(): void {
		this.#alarms.clear();
	}

	broadcast(links: Iterable<Link>, frame: Frame): void {
		for (const link of links) link.send(frame);
	}

	waitUntil(work: Promise<unknown>): void {
		work.catch((error: unknown) => this.report('work failed', error));
	}

	report(message: string, error?: unknown): void {
		this.reports.push(error === undefined ? message : `${message}: ${error}`);
	}

	#set(milliseconds: number, callback: () => void, wakes: boolean): () => void {
		const alarm = { at: this.#now + milliseconds, callback, wakes };
		this.#alarms.add(alarm);
		return () => {
			this.#alarms.delete(alarm);
		};
	}

	/** Moves the clock, and lets all work that is due happen. */
	async advance(milliseconds: number): Promise<void> {
		const end = this.#now + milliseconds;
		await this.settled();
		for (;;) {
			const due = [...this.#alarms].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
			if (due === undefined) break;
			this.#alarms.delete(due);
			this.#now = Math.max(this.#now, due.at);
			due.callback();
			await this.settled();
		}
		this.#now = end;
	}
}

/** Resolves when everything that waits for no alarm has happened. */
export function settled(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}

/** The rules of a channel whose handler a test gives. */
export function rulesOf(
	handle: (message: ClientMessage, deadline: HandlerDeadline) => Promise<Data> = async () =>
		undefined,
	rules: Partial<ChannelRules> = {},
): ChannelRules {
	return {
		retention: { size: 100, ttl: 300 },
		keepsHistory: true,
		presence: undefined,
		ephemeral: [],
		idempotent: [],
		timeout: 30_000,
		handle: (message, deadline) => deadline.limit(() => handle(message, deadline)),
		onJoin: async () => {},
		onLeave: async () => {},
		...rules,
	};
}
