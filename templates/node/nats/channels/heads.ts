import { dropOldest } from '../../../realtime/channel/drop-oldest.ts';
import type { ChannelKey } from '../../../realtime/channel/key.ts';
import { EPOCH_LENGTH } from '../../../realtime/channel/position.ts';
import { REMEMBERED_HEADS } from '../connection/limits.ts';
import type { Names } from '../connection/names.ts';
import type { Store } from '../connection/store.ts';
import { emptyHead, type Head, readRecord } from './record.ts';

export interface HeadsInit {
	readonly store: Pick<Store, 'last' | 'put'>;
	readonly names: Names;
	readonly random: (length: number) => string;
}

/** The heads of channels. What is remembered may be old: the server refuses a record after it. */
export class Heads {
	readonly #init: HeadsInit;
	readonly #known = new Map<ChannelKey, Head>();

	constructor(init: HeadsInit) {
		this.#init = init;
	}

	/** The newest head that this process knows of. */
	known(channel: ChannelKey): Head | undefined {
		return this.#known.get(channel);
	}

	/** A head was read, or has arrived. */
	learn(channel: ChannelKey, head: Head): void {
		const known = this.#known.get(channel);
		if (known !== undefined && known.sequence > head.sequence) return;
		this.#known.delete(channel);
		this.#known.set(channel, head);
		dropOldest(this.#known, REMEMBERED_HEADS);
	}

	forget(channel: ChannelKey): void {
		this.#known.delete(channel);
	}

	/** The data is that of another life. */
	clear(): void {
		this.#known.clear();
	}

	/** Reads the head of a channel from the server. */
	async read(channel: ChannelKey): Promise<Head> {
		const { store, names } = this.#init;
		const record = await store.last(names.channel(channel).records);
		if (record === undefined) return emptyHead(await this.#root());
		const { head } = readRecord(record);
		this.learn(channel, head);
		return head;
	}

	/**
	 * The epoch of channels without messages. It expires with the heads: the position of an empty
	 * channel never outlives a message that was published after it.
	 */
	async #root(): Promise<string> {
		const { store, names, random } = this.#init;
		for (;;) {
			const root = await store.last(names.root);
			if (root !== undefined) return root.data.toString();
			const epoch = random(EPOCH_LENGTH);
			const isFirst = await store.put({ subject: names.root, data: epoch, after: 0 });
			if (isFirst !== undefined) return epoch;
		}
	}
}
