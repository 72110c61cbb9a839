import { dropOldest } from '../../../realtime/channel/drop-oldest.ts';
import { isOutage } from '../../../realtime/channel/outage.ts';
import type { Retention } from '../../../realtime/channel/ports.ts';
import { isUndone } from '../../engine/answers.ts';
import { now } from '../../process/clock.ts';
import { MAX_UNTIDY, UNTIDY } from '../connection/limits.ts';
import type { ServerClock } from '../connection/server-clock.ts';
import type { Store, Stored } from '../connection/store.ts';
import { readRecord, writeBare } from './record.ts';

/** A channel whose messages expire. */
interface Untidy {
	retention: Retention;
	/** When somebody published last, as far as this process knows. */
	at: number;
	/** Records of this process since messages were removed last. */
	count: number;
	/** Sequences at some times, to know which records are too old. */
	readonly samples: { readonly at: number; readonly sequence: number }[];
}

export interface TidierInit {
	readonly store: Pick<Store, 'keep' | 'last' | 'put' | 'trim'>;
	readonly serverClock: Pick<ServerClock, 'now'>;
	readonly clock?: () => number;
}

/**
 * Removes messages that are kept no more. A stream has one limit for all channels, and readers leave
 * out what a channel keeps no more: this frees its place. A channel in which nothing is kept any more
 * has a bare record, with its position alone.
 */
export class Tidier {
	readonly #init: TidierInit;
	readonly #clock: () => number;
	/** By the subjects of their records. */
	readonly #untidy = new Map<string, Untidy>();

	constructor(init: TidierInit) {
		this.#init = init;
		this.#clock = init.clock ?? now;
	}

	/** This process has appended a record. */
	appended(records: string, sequence: number, retention: Retention): void {
		this.#note(records, this.#clock(), sequence, retention).count++;
	}

	/** A record was found that an earlier process may have left. */
	found(record: Stored): void {
		const { isBare, sequence, time, retention } = readRecord(record).head;
		if (!isBare) this.#note(record.subject, this.#publishedAt(time), sequence, retention);
	}

	/** The data may be another one: what has the sequences of before may be new. */
	clear(): void {
		this.#untidy.clear();
	}

	#note(records: string, at: number, sequence: number, retention: Retention): Untidy {
		const untidy = this.#untidy.get(records) ?? { retention, at, count: 0, samples: [] };
		this.#untidy.delete(records);
		this.#untidy.set(records, untidy);
		// A record that is found later may be an earlier one, of another retention.
		if (at >= untidy.at) untidy.retention = retention;
		untidy.at = Math.max(untidy.at, at);
		const newest = untidy.samples.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
		if (at - newest > (retention.ttl * 1000) / 4) untidy.samples.push({ at, sequence });
		// Its messages stay in the stream, unseen, until somebody publishes there again.
		dropOldest(this.#untidy, MAX_UNTIDY);
		return untidy;
	}

	/** The time on the clock of this process when the server stored a record. */
	#publishedAt(time: string): number {
		return this.#clock() - (this.#init.serverClock.now() - Date.parse(time));
	}

	/** Removes what has to go by now. What an outage prevents is done the next time. */
	async tidy(): Promise<void> {
		for (const [records, untidy] of [...this.#untidy]) {
			// The data may have been lost meanwhile.
			if (this.#untidy.get(records) !== untidy) continue;
			try {
				await this.#tidy(records, untidy);
			} catch (error) {
				if (isOutage(error)) return;
				this.#untidy.delete(records);
				throw error;
			}
		}
	}

	async #tidy(records: string, untidy: Untidy): Promise<void> {
		const { store } = this.#init;
		const { retention, samples } = untidy;
		const oldest = this.#clock() - retention.ttl * 1000;
		if (untidy.at < oldest || retention.size === 0) {
			if (untidy.at >= oldest) return;
			const isClear = await this.#clear(records);
			// A message may have come meanwhile.
			if (isClear && untidy.at < oldest) this.#untidy.delete(records);
			return;
		}
		let expired: number | undefined;
		while ((samples[0]?.at ?? oldest) < oldest) expired = samples.shift()?.sequence;
		if (expired !== undefined) await store.trim(records, expired);
		if (untidy.count < retention.size + UNTIDY) return;
		untidy.count = 0;
		await store.keep(records, retention.size);
	}

	/**
	 * All that this process knows of the channel has expired.
	 *
	 * @returns Whether nothing of the channel is left to remove.
	 */
	async #clear(records: string): Promise<boolean> {
		const { store } = this.#init;
		const newest = await store.last(records);
		if (newest === undefined) return true;
		const { head } = readRecord(newest);
		if (head.isBare) return true;
		const at = this.#publishedAt(head.time);
		if (at >= this.#clock() - head.retention.ttl * 1000) {
			// Another process has published since, and may end before this expires.
			this.#note(records, at, head.sequence, head.retention);
			return false;
		}
		try {
			// It is refused if somebody publishes meanwhile.
			await store.put({
				subject: records,
				data: writeBare(head),
				after: head.sequence,
				isOnly: true,
			});
			return true;
		} catch (error) {
			if (!isUndone(error)) throw error;
			// A server that is full has no place for the position, until something was removed.
			await store.trim(records, head.sequence);
			return false;
		}
	}
}
