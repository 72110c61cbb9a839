import type { RejectionReason } from '../../handshake/refusal.ts';
import type { Traffic } from './managed-connection.ts';

/** How often something happens per second, over the last minute. */
export interface Rates {
	readonly accepted: number;
	readonly closed: number;
	readonly messages: Traffic;
	readonly bytes: Traffic;
}

/** How long connections lived that have ended. */
export interface Lifetimes {
	/** Connections that lived for at most so many seconds, by the number of those. */
	readonly buckets: readonly LifetimeBucket[];
	/** All of them. */
	readonly count: number;
	/** The seconds that all of them lived together. */
	readonly sum: number;
}

export interface LifetimeBucket {
	/** Seconds. */
	readonly atMost: number;
	/** Those of the smaller buckets are among them. */
	readonly count: number;
}

/** What has happened so far, and can only grow. */
export interface Totals {
	readonly accepted: number;
	readonly closed: number;
	readonly messages: Traffic;
	readonly bytes: Traffic;
}

/** Seconds. Sites have connections of a page view and such that are always on. */
const LIFETIMES = [1, 10, 60, 300, 1800, 3600, 21_600, 86_400];

/** Milliseconds over which rates are told, and between two samples of what has happened. */
const RATE_WINDOW = 60_000;
export const SAMPLE_INTERVAL = 5000;

interface Sample {
	readonly at: number;
	readonly totals: Totals;
}

/** An open connection as it is counted. */
export interface Counted {
	readonly messages: Traffic;
	readonly bytes: Traffic;
}

/** Counts what becomes of connections. Open ones count for themselves until they end. */
export class Metrics {
	readonly rejections: Map<RejectionReason, number> = new Map();
	readonly closeCodes: Map<number, number> = new Map();
	#accepted = 0;
	#closed = 0;
	#mostOpen = 0;
	#messages: Traffic = { received: 0, sent: 0 };
	#bytes: Traffic = { received: 0, sent: 0 };
	/** Those in each bucket and not in the smaller ones; behind them the rest. */
	readonly #lifetimes: number[] = new Array(LIFETIMES.length + 1).fill(0);
	#lifetimeSum = 0;
	#samples: Sample[] = [];

	get accepted(): number {
		return this.#accepted;
	}

	get closed(): number {
		return this.#closed;
	}

	/** Open ones at the same time. */
	get mostOpen(): number {
		return this.#mostOpen;
	}

	opened(): void {
		this.#accepted++;
		this.#mostOpen = Math.max(this.#mostOpen, this.#accepted - this.#closed);
	}

	/** @param lifetime Milliseconds. */
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

	/** Remembers how much has happened until now. */
	sample(totals: Totals, at: number): void {
		this.#samples.push({ at, totals });
		while (this.#samples.length > 1 && at - (this.#samples[0]?.at ?? at) > RATE_WINDOW) {
			this.#samples.shift();
		}
	}

	/** Against the first sample of the last minute. */
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
