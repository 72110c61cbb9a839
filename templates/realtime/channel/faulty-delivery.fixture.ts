import { RealtimeError } from '../protocol/errors.ts';
import type { ChannelKey } from './key.ts';
import type { LogWatcher, Unwatch } from './ports.ts';

/**
 * What lies between a log and its watchers, with the faults of real engines: messages arrive late,
 * twice, or never, and nobody reaches the log while it is down.
 */
export class FaultyDelivery {
	readonly #watchers = new Map<ChannelKey, Set<LogWatcher>>();
	/** Deliveries that are held back. */
	#held: (() => void)[] | undefined;
	#isDown = false;
	/** Makes deliveries unreliable. */
	fault: (() => 'none' | 'lost' | 'twice') | undefined;

	async watch(channel: ChannelKey, watcher: LogWatcher): Promise<Unwatch> {
		this.checkUp();
		const watchers = this.#watchers.get(channel) ?? new Set();
		this.#watchers.set(channel, watchers.add(watcher));
		return () => {
			watchers.delete(watcher);
		};
	}

	/** Forgets the watchers, as if their process had died. */
	dropWatchers(): void {
		this.#watchers.clear();
		this.dropHeld();
	}

	/** Holds deliveries back until `release()`. */
	hold(): void {
		this.#held ??= [];
	}

	release(): void {
		const held = this.#held ?? [];
		this.#held = undefined;
		for (const deliver of held) deliver();
	}

	setDown(isDown: boolean): void {
		this.#isDown = isDown;
	}

	/** Whether nothing is held back, and the log is up. */
	protected get isClear(): boolean {
		return !this.#isDown && this.#held === undefined;
	}

	protected checkUp(): void {
		if (!this.#isDown) return;
		throw new RealtimeError({ code: 'SERVICE_UNAVAILABLE', message: 'The log is down.' });
	}

	protected dropHeld(): void {
		this.#held = undefined;
	}

	/** Says that something may have been lost. */
	protected tellInterruption(): void {
		for (const watchers of this.#watchers.values()) {
			for (const watcher of [...watchers]) watcher.interrupted();
		}
	}

	protected deliver(channel: ChannelKey, tell: (watcher: LogWatcher) => void): void {
		const fault = this.fault?.() ?? 'none';
		if (fault === 'lost') return;
		const deliver = (): void => {
			for (const watcher of [...(this.#watchers.get(channel) ?? [])]) tell(watcher);
		};
		for (const one of fault === 'twice' ? [deliver, deliver] : [deliver]) {
			if (this.#held === undefined) one();
			else this.#held.push(one);
		}
	}
}
