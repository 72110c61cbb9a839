import type { ChannelFeed, FeedInit, Unwatch } from '../../realtime/channel/ports.ts';
import type { Position } from '../../realtime/channel/position.ts';
import { startOnce } from '../../realtime/channel/start-once.ts';

/**
 * Follows the log of the channel in its object. The log tells of a message while it appends it, so
 * that none is lost on the way or comes out of order.
 */
export class ObjectFeed implements ChannelFeed {
	head: Position | undefined;
	readonly open: () => Promise<void> = startOnce(() => this.#open());
	readonly #init: FeedInit;
	#unwatch: Unwatch | undefined;
	#isClosed = false;

	constructor(init: FeedInit) {
		this.#init = init;
	}

	close(): void {
		this.#isClosed = true;
		this.#unwatch?.();
	}

	/** A message was delivered before its publisher knows its position. */
	passed(): undefined {}

	/** Nothing is missing. */
	async readAgain(): Promise<void> {}

	async #open(): Promise<void> {
		const { key, ports, receiver } = this.#init;
		const { log } = ports;
		this.#unwatch ??= await log.watch(key, {
			entry: (entry) => {
				this.head = entry.position;
				receiver.entry(entry);
			},
			cast: (cast) => receiver.cast(cast),
			interrupted() {},
		});
		if (this.#isClosed) this.#unwatch();
		const { head } = await log.last(key, 0);
		// A message may have come meanwhile.
		this.head ??= head;
	}
}
