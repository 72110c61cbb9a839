import { dropOldest } from '../../../realtime/channel/drop-oldest.ts';
import type { ChannelKey } from '../../../realtime/channel/key.ts';
import { isOutage } from '../../../realtime/channel/outage.ts';
import type { Retention } from '../../../realtime/channel/ports.ts';
import { isUndone } from '../../engine/answers.ts';
import { now } from '../../process/clock.ts';
import { MAX_UNTIDY, UNTIDY } from '../connection/limits.ts';
import type { Names } from '../connection/names.ts';
import type { Store } from '../connection/store.ts';
import type { Heads } from './heads.ts';
import { writeBare } from './record.ts';

/** A channel to which this process has published. */
interface Untidy {
	retention: Retention;
	/** When it published last. */
	at: number;
	/** Records since messages were removed last. */
	count: number;
	/** Sequences at some times, to know which records are too old. */
	readonly samples: { readonly at: number; readonly sequence: number }[];
}

export interface TidierInit {
	readonly store: Pick<Store, 'keep' | 'put' | 'trim'>;
	readonly heads: Heads;
	readonly names: Names;
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
	readonly #untidy = new Map<ChannelKey, Untidy>();

	constructor(init: TidierInit) {
		this.#init = init;
		this.#clock = init.clock ?? now;
	}

	/** A record was appended. */
	appended(channel: ChannelKey, sequence: number, retention: Retention): void {
		const at = this.#clock();
		const untidy = this.#untidy.get(channel) ?? { retention, at, count: 0, samples: [] };
		this.#untidy.delete(channel);
		this.#untidy.set(channel, untidy);
		untidy.retention = retention;
		untidy.at = at;
		untidy.count++;
		const newest = untidy.samples.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
		if (at - newest > (retention.ttl * 1000) / 4) untidy.samples.push({ at, sequence });
		// Its messages stay in the stream, unseen, until somebody publishes there again.
		dropOldest(this.#untidy, MAX_UNTIDY);
	}

	/** Removes what has to go by now. What an outage prevents is done the next time. */
	async tidy(): Promise<void> {
		for (const [channel, untidy] of [...this.#untidy]) {
			try {
				await this.#tidy(channel, untidy);
			} catch (error) {
				if (isOutage(error)) return;
				this.#untidy.delete(channel);
				throw error;
			}
		}
	}

	async #tidy(channel: ChannelKey, untidy: Untidy): Promise<void> {
		const { store, names } = this.#init;
		const { records } = names.channel(channel);
		const { retention, samples } = untidy;
		const oldest = this.#clock() - retention.ttl * 1000;
		if (untidy.at < oldest || retention.size === 0) {
			if (untidy.at >= oldest) return;
			const isClear = await this.#clear(channel);
			// A message may have come meanwhile.
			if (isClear && untidy.at < oldest) this.#untidy.delete(channel);
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
	 * Nobody published since the last message expired, unless the server refuses.
	 *
	 * @returns Whether nothing of the channel is left to remove.
	 */
	async #clear(channel: ChannelKey): Promise<boolean> {
		const { store, heads, names } = this.#init;
		const head = await heads.read(channel);
		if (head.isBare) return true;
		const { records } = names.channel(channel);
		try {
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
