import type { ChannelKey } from '../channel/key.ts';
import type {
	Cast,
	Log,
	LogWatcher,
	NewEntry,
	Page,
	Retention,
	Roster,
	Unwatch,
} from '../channel/ports.ts';
import { type Position, readPosition } from '../channel/position.ts';
import type { Engine, EngineStatus } from '../user/engine.ts';
import type { UserEngine, UserWatcher } from '../user/user-engine.ts';

/** The number of the newest message of each channel that tests have trimmed. */
export type Trims = Map<ChannelKey, number>;

/** An engine of which tests trim channels. */
export class TestEngine implements Engine {
	readonly log: TrimmedLog;
	readonly roster: Roster;
	readonly feed: Engine['feed'];
	readonly #engine: Engine;

	/** @param trims What was trimmed of the data of this engine, also by an earlier process. */
	constructor(engine: Engine, trims: Trims) {
		this.#engine = engine;
		this.log = new TrimmedLog(engine.log, trims);
		this.roster = engine.roster;
		this.feed = engine.feed;
	}

	get status(): EngineStatus {
		return this.#engine.status;
	}

	users(watcher: UserWatcher): UserEngine {
		return this.#engine.users(watcher);
	}

	async start(): Promise<void> {
		await this.#engine.start();
	}

	async close(): Promise<void> {
		await this.#engine.close();
	}
}

/** A log that hides the messages of before a trim. */
class TrimmedLog implements Log {
	readonly #log: Log;
	readonly #trims: Trims;

	constructor(log: Log, trims: Trims) {
		this.#log = log;
		this.#trims = trims;
	}

	/** Drops the kept messages of a channel, but not its position. */
	async trim(channel: ChannelKey): Promise<void> {
		const { head } = await this.#log.last(channel, 0);
		this.#trims.set(channel, numberOf(head));
	}

	append(channel: ChannelKey, entry: NewEntry, retention: Retention): Promise<Position> {
		return this.#log.append(channel, entry, retention);
	}

	async after(channel: ChannelKey, position: Position, limit?: number): Promise<Page> {
		if (!this.#trims.has(channel)) return await this.#log.after(channel, position, limit);
		const { entries, head } = this.#visible(
			channel,
			await this.#log.after(channel, position, Number.MAX_SAFE_INTEGER),
		);
		return { entries: entries.slice(0, limit), head };
	}

	async last(channel: ChannelKey, count: number, limit?: number): Promise<Page> {
		// A page may hold trimmed ones alone.
		const isTrimmed = this.#trims.has(channel);
		const page = await this.#log.last(channel, count, isTrimmed ? (limit ?? count) : limit);
		const { snapshot } = page;
		if (snapshot === undefined) return this.#visible(channel, page);
		// The oldest ones follow it, and the page may have room for trimmed ones alone.
		return { ...(await this.after(channel, snapshot.position, limit)), snapshot };
	}

	async snapshot(channel: ChannelKey, entry: NewEntry, upTo: Position): Promise<boolean> {
		// The message after the position is gone.
		if (numberOf(upTo) < (this.#trims.get(channel) ?? 0)) return false;
		return await this.#log.snapshot(channel, entry, upTo);
	}

	cast(channel: ChannelKey, cast: Cast): Promise<void> {
		return this.#log.cast(channel, cast);
	}

	watch(channel: ChannelKey, watcher: LogWatcher): Promise<Unwatch> {
		return this.#log.watch(channel, watcher);
	}

	/** A trim leaves the snapshot. */
	#visible(channel: ChannelKey, page: Page): Page {
		const trimmed = this.#trims.get(channel) ?? 0;
		const entries = page.entries.filter(({ position }) => numberOf(position) > trimmed);
		return { ...page, entries };
	}
}

function numberOf(position: Position): number {
	return readPosition(position)?.number ?? 0;
}
