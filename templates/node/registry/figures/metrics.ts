import type { RejectionReason } from '../../../handshake/refusal.ts';
import type { Traffic } from '../connections/managed-connection.ts';

/** Rates per second over the last minute. */
export interface Rates {
	readonly accepted: number;
	readonly closed: number;
	readonly messages: Traffic;
	readonly bytes: Traffic;
}

/** The lifetimes of ended connections. */
export interface Lifetimes {
	/** The number of connections up to each lifetime. */
	readonly buckets: readonly LifetimeBucket[];
	/** All ended connections. */
	readonly count: number;
	/** The sum of all lifetimes in seconds. */
	readonly sum: number;
}

export interface LifetimeBucket {
	/** The upper bound in seconds. */
	readonly atMost: number;
	/** The number of connections, including those of smaller buckets. */
	readonly count: number;
}

/** Totals, which only grow. */
export interface Totals {
	readonly accepted: number;
	readonly closed: number;
	readonly messages: Traffic;
	readonly bytes: Traffic;
}

/** Bounds in seconds. Sites have connections for a page view, and permanent ones. */
const LIFETIMES = [1, 10, 60, 300, 1800, 3600, 21_600, 86_400];

/** Milliseconds of the window for rates, and between two samples. */
const RATE_WINDOW = 60_000;
export const SAMPLE_INTERVAL = 5000;

interface Sample {
	readonly at: number;
	readonly totals: Totals;
}

/** The counted parts of a connection. */
export interface Counted {
	readonly messages: Traffic;
	readonly bytes: Traffic;
}

/**
 * Counts connections and their traffic. An open connection counts its own traffic until it ends.
 */
export class Metrics {
	readonly rejections: Map<RejectionReason, number> = new Map();
	readonly closeCodes: Map<number, number> = new Map();
	#accepted = 0;
	#closed = 0;
	#mostOpen = 0;
	#messages: Traffic = { received: 0, sent: 0 };
	#bytes: Traffic = { received: 0, sent: 0 };
	/** Connections in each bucket but not in a smaller one, followed by all longer ones. */
	readonly #lifetimes: number[] = new Array(LIFETIMES.length + 1).fill(0);
	#lifetimeSum = 0;
	#samples: Sample[] = [];

	get accepted(): number {
		return this.#accepted;
	}

	get closed(): number {
		return this.#closed;
	}

	/** The maximum of connections open at the same time. */
	get mostOpen(): number {
		return this.#mostOpen;
	}

	opened(): void {
		this.#accepted++;
		this.#mostOpen = Math.max(this.#mostOpen, this.#accepted - this.#closed);
	}

	/** @param lifetime The lifetime in milliseconds. */
	ended({ messages, bytes }: Counted, code: number, lifetime: number): void {
		this.#closed++;
		this.#messages = sum(this.#messages, messages);
		this.#bytes = sum(this.#bytes, bytes);
		this.closeCodes.set(code, (this.closeCodes.get(code) ?? 0) + 1);
		const seconds = lifetime / 1000;
		const found = LIFETIMES.findIndex((atMost) => seconds <= atMost);
		const bucket = found === -1 ? LIFETIMES.length : found;
		this.#lifetimes[bucket] = (this.#lifetimes[bucket] ?? 0) + 1;
		this.#lifetimeSum += seconds;
	}

	rejected(reason: RejectionReason): void {
		this.rejections.set(reason, (this.rejections.get(reason) ?? 0) + 1);
	}

	totals(open: Iterable<Counted>): Totals {
		let { received, sent } = this.#messages;
		let { received: receivedBytes, sent: sentBytes } = this.#bytes;
		for (const { messages, bytes } of open) {
			received += messages.received;
			sent += messages.sent;
			receivedBytes += bytes.received;
			sentBytes += bytes.sent;
		}
		return {
			accepted: this.#accepted,
			closed: this.#closed,
			messages: { received, sent },
			bytes: { received: receivedBytes, sent: sentBytes },
		};
	}

	get lifetimes(): Lifetimes {
		let count = 0;
		const buckets = LIFETIMES.map((atMost, index) => {
			count += this.#lifetimes[index] ?? 0;
			return { atMost, count };
		});
		return { buckets, count: this.#closed, sum: this.#lifetimeSum };
	}

	/** Records the current totals. */
	sample(totals: Totals, at: number): void {
		this.#samples.push({ at, totals });
		while (this.#samples.length > 1 && at - (this.#samples[0]?.at ?? at) > RATE_WINDOW) {
			this.#samples.shift();
		}
	}

	/** Returns the rates since the first sample of the last minute. */
	rates(totals: Totals, at: number): Rates {
		const since = this.#samples.find((sample) => at - sample.at <= RATE_WINDOW);
		const seconds = since === undefined ? 0 : (at - since.at) / 1000;
		const rate = (now: number, before: number): number =>
			seconds > 0 ? (now - before) / seconds : 0;
		const before = since?.totals ?? totals;
		const traffic = (now: Traffic, then: Traffic): Traffic => ({
			received: rate(now.received, then.received),
			sent: rate(now.sent, then.sent),
		});
		return {
			accepted: rate(totals.accepted, before.accepted),
			closed: rate(totals.closed, before.closed),
			messages: traffic(totals.messages, before.messages),
			bytes: traffic(totals.bytes, before.bytes),
		};
	}
}

function sum(one: Traffic, other: Traffic): Traffic {
	return { received: one.received + other.received, sent: one.sent + other.sent };
}
