import type { ChannelKey } from '../channel/key.ts';
import type { Unwatch } from '../channel/ports.ts';

/** Who watches which channel. */
export class Watchers<Watcher> {
	readonly #ofChannel = new Map<ChannelKey, Set<Watcher>>();

	add(channel: ChannelKey, watcher: Watcher): Unwatch {
		const watchers = this.#ofChannel.get(channel) ?? new Set();
		this.#ofChannel.set(channel, watchers.add(watcher));
		return () => {
			watchers.delete(watcher);
			if (watchers.size === 0 && this.#ofChannel.get(channel) === watchers) {
				this.#ofChannel.delete(channel);
			}
		};
	}

	has(channel: ChannelKey): boolean {
		return this.#ofChannel.has(channel);
	}

	/** Those of now: one that is told may end its watch, or that of others. */
	of(channel: ChannelKey): readonly Watcher[] {
		return [...(this.#ofChannel.get(channel) ?? [])];
	}
}
