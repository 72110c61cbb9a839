import { dropOldest } from '../drop-oldest.ts';
import type { Position } from '../position.ts';
import type { SoakCounts } from './counts.fixture.ts';

/** What a soak knows beyond what its clients are told. */
export interface Facts {
	/** The position before a written one. */
	previousOf(position: Position): Position | undefined;
	/** Whether a member may be told that messages after a position are missing. */
	mayHaveGap(position: Position, head: Position): boolean;
	/** Whether the handler of a message has run. */
	hasRun(message: string): boolean;
	/** How often the log was down, or lost messages. */
	readonly outages: number;
	readonly counts: SoakCounts;
	/** A promise is broken. */
	fail(text: string): void;
}

interface Pending {
	readonly data: string;
	/** The gaps, snapshots and outages when the message was sent. */
	readonly interruptions: number;
}

/** Checks all that a client gets by the rules of the protocol. */
export class Checks {
	readonly #facts: Facts;
	readonly #client: string;
	#position: Position | undefined;
	#seen = new Set<Position>();
	/** Messages without an answer, by id. */
	#pending = new Map<number, Pending>();
	/** The data of the newest messages. */
	#heard = new Set<unknown>();
	#gaps = 0;

	/** @param client Its name in what is told of broken promises. */
	constructor(facts: Facts, client: string) {
		this.#facts = facts;
		this.#client = client;
	}

	/** Where the client is in the log. Undefined before its first join. */
	get position(): Position | undefined {
		return this.#position;
	}

	/** The messages without an answer: their ids and data. */
	get unanswered(): readonly (readonly [id: number, data: string])[] {
		return [...this.#pending].map(([id, { data }]) => [id, data]);
	}

	joined(position: Position): void {
		if (this.#position !== undefined && position !== this.#position) {
			this.#fail(`joined at ${position}, not at its own ${this.#position}`);
		}
		this.#position = position;
	}

	event(position: Position, data: unknown): void {
		const previous = this.#facts.previousOf(position);
		if (previous !== this.#position) {
			this.#fail(`got ${position} after ${this.#position}, it follows ${previous}`);
		}
		if (this.#seen.has(position)) this.#fail(`got ${position} twice`);
		remember(this.#seen, position);
		remember(this.#heard, data);
		this.#position = position;
		this.#facts.counts.delivered++;
	}

	/** It has messages in it that this client has not heard of one by one. */
	snapshot(position: Position, data: unknown): void {
		this.#facts.counts.snapshots++;
		this.#gaps++;
		// After a failover it may be older than what this client had. What follows it comes again.
		this.#seen.clear();
		if (data !== position) this.#fail(`got the snapshot of ${data} for ${position}`);
		if (this.#position !== undefined && !this.#facts.mayHaveGap(this.#position, position)) {
			this.#fail(`got a snapshot after ${this.#position}, where nothing is missing`);
		}
		this.#position = position;
	}

	gap(position: Position): void {
		this.#facts.counts.gaps++;
		this.#gaps++;
		if (this.#position !== undefined && !this.#facts.mayHaveGap(this.#position, position)) {
			this.#fail(`was told of a gap after ${this.#position}, where nothing is missing`);
		}
		this.#position = position;
	}

	/** The client sends a message, or will with its next join. */
	sent(id: number, data: string): void {
		this.#pending.set(id, { data, interruptions: this.#interruptions });
	}

	replied(id: number, result: unknown): void {
		const pending = this.#take(id);
		if (pending === undefined) return;
		const { data, interruptions } = pending;
		if (result !== data) this.#fail(`got ${result} for ${data}`);
		if (!this.#facts.hasRun(data)) this.#fail(`got a reply to ${data}, which never ran`);
		if (interruptions === this.#interruptions && !this.#heard.has(data)) {
			this.#fail(`got a reply to ${data} before what its handler published`);
		}
	}

	failed(id: number, code: string): void {
		if (this.#take(id) !== undefined && code === 'UNCERTAIN') this.#facts.counts.uncertain++;
	}

	/** The session has ended. Nobody knows what became of its messages. */
	sessionLost(): void {
		this.#facts.counts.uncertain += this.#pending.size;
		this.#pending.clear();
	}

	/** @param head The newest position of the log, which everyone has by now. */
	ended(head: Position): void {
		if (this.#position !== head) this.#fail(`ended at ${this.#position}, the log at ${head}`);
		if (this.#pending.size > 0) this.#fail(`has ${this.#pending.size} messages without an answer`);
	}

	/** A message that is answered now. */
	#take(id: number): Pending | undefined {
		const pending = this.#pending.get(id);
		this.#pending.delete(id);
		if (pending === undefined) this.#fail(`got a second answer to ${id}`);
		return pending;
	}

	/** Each may hide a message from this client. */
	get #interruptions(): number {
		return this.#gaps + this.#facts.outages;
	}

	#fail(text: string): void {
		this.#facts.fail(`${this.#client} ${text}`);
	}
}

/** Adds to a set of the newest values. */
function remember<Value>(values: Set<Value>, value: Value): void {
	values.add(value);
	dropOldest(values, 500);
}
