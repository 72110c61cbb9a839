import type { ChannelKey } from '../../../realtime/channel/key.ts';
import { isBefore } from '../../../realtime/channel/log/continuity.ts';
import type { LogWatcher, RosterWatcher, Unwatch } from '../../../realtime/channel/ports.ts';
import type { Position } from '../../../realtime/channel/position.ts';
import { CHECKED_AT_ONCE } from '../../engine/limits.ts';
import { type Message, readMessage } from '../../engine/message.ts';
import type { Commands } from '../connection/commands.ts';
import type { ChannelNames, Keys } from '../connection/keys.ts';
import type { Subjects } from '../connection/subjects.ts';
import { CHECK } from '../scripts/check.ts';
import { FIRST_CHANGE } from '../scripts/limits.ts';

/** A channel that this process listens to. */
interface Watched {
	readonly names: ChannelNames;
	readonly logs: Set<LogWatcher>;
	readonly rosters: Set<RosterWatcher>;
	/** Resolves with what ends the subscription. */
	subscription: Promise<() => void>;
	/** The newest position that the watchers know of, or read up to now. */
	position: Position | undefined;
	/** The same for the changes of presence, 0 for an empty group. */
	change: number | undefined;
}

export interface ChannelsInit {
	readonly commands: Pick<Commands, 'run'>;
	readonly subjects: Pick<Subjects, 'listen'>;
	readonly keys: Keys;
	/** Whether Redis is a Cluster, whose commands must keep to keys that lie together. */
	readonly isCluster: () => boolean;
	readonly report: (message: string, error?: unknown) => void;
	/** Members of a channel may be missing in Redis. */
	readonly repair: (channel: ChannelKey) => void;
}

/** The channels that this process listens to. One subscription serves log and presence. */
export class Channels {
	readonly #init: ChannelsInit;
	readonly #watched = new Map<ChannelKey, Watched>();
	/** Whether presence in Redis is incomplete: processes enter their members again. */
	#isRecovering = false;
	#hasReported = false;

	constructor(init: ChannelsInit) {
		this.#init = init;
	}

	/** The number of channels that this process listens to. */
	get size(): number {
		return this.#watched.size;
	}

	async watchLog(channel: ChannelKey, watcher: LogWatcher): Promise<Unwatch> {
		return await this.#watch(channel, (watched) => watched.logs, watcher);
	}

	async watchRoster(channel: ChannelKey, watcher: RosterWatcher): Promise<Unwatch> {
		return await this.#watch(channel, (watched) => watched.rosters, watcher);
	}

	/**
	 * The log was read up to a position. Only the first reader tells where the watchers are: later ones
	 * may be somebody else, and know of messages that never arrived here.
	 */
	hasRead(channel: ChannelKey, position: Position): void {
		const watched = this.#watched.get(channel);
		if (watched !== undefined) watched.position ??= position;
	}

	/** The same for presence, which was read up to a change. */
	hasReadPresence(channel: ChannelKey, change: number): void {
		const watched = this.#watched.get(channel);
		if (watched !== undefined) watched.change ??= change;
	}

	/** Presence is incomplete from now on, until {@link recovered}. */
	recover(): void {
		this.#isRecovering = true;
	}

	/** Presence is complete again: everyone reads it. */
	recovered(): void {
		this.#isRecovering = false;
		for (const { rosters } of this.#watched.values()) interrupt(rosters);
	}

	/**
	 * Compares all channels with Redis, and lets those that differ read again. Messages may have been
	 * lost on the way without a sign, for example between the servers of a Cluster.
	 *
	 * @throws RealtimeError if Redis does not answer.
	 */
	async check(): Promise<void> {
		for (const part of this.#parts()) {
			const keys = part.flatMap(([, { names }]) => [names.head, names.root, names.present]);
			const before = part.map(([, { position, change }]) => ({ position, change }));
			const found = (await this.#init.commands.run(CHECK, keys, [])) as readonly Buffer[];
			for (const [index, [channel, watched]] of part.entries()) {
				const position = String(found[2 * index] ?? '');
				if (isMissed(position, before[index]?.position, watched.position)) {
					watched.position = position === '' ? undefined : position;
					interrupt(watched.logs);
				}
				const change = Number(found[2 * index + 1] ?? 0);
				const changeBefore = before[index]?.change;
				if (changeBefore === undefined || watched.change === undefined) continue;
				const isLost = change < changeBefore;
				if (!isLost && change <= watched.change) continue;
				watched.change = change;
				if (isLost) this.#lostChanges(channel, watched);
				else this.#missedChanges(watched);
			}
		}
	}

	/** Channels that one command may ask for. */
	*#parts(): Generator<readonly (readonly [ChannelKey, Watched])[]> {
		const groups = new Map<string, (readonly [ChannelKey, Watched])[]>();
		for (const one of this.#watched) {
			const name = this.#init.isCluster() ? one[1].names.root : '';
			const group = groups.get(name) ?? [];
			groups.set(name, group);
			group.push(one);
		}
		for (const group of groups.values()) {
			for (let start = 0; start < group.length; start += CHECKED_AT_ONCE) {
				yield group.slice(start, start + CHECKED_AT_ONCE);
			}
		}
	}

	async #watch<Watcher>(
		channel: ChannelKey,
		watchersOf: (watched: Watched) => Set<Watcher>,
		watcher: Watcher,
	): Promise<Unwatch> {
		const watched = this.#watched.get(channel) ?? this.#open(channel);
		const watchers = watchersOf(watched);
		watchers.add(watcher);
		const forget = (): boolean => {
			watchers.delete(watcher);
			const isUnused = watched.logs.size + watched.rosters.size === 0;
			if (isUnused && this.#watched.get(channel) === watched) this.#watched.delete(channel);
			return isUnused;
		};
		try {
			const end = await watched.subscription;
			return () => {
				if (watchers.has(watcher) && forget()) end();
			};
		} catch (error) {
			forget();
			throw error;
		}
	}

	#open(channel: ChannelKey): Watched {
		const names = this.#init.keys.channel(channel);
		const watched: Watched = {
			names,
			logs: new Set(),
			rosters: new Set(),
			subscription: this.#init.subjects.listen(names.subject, (bytes) => {
				const message = this.#read(bytes);
				if (message !== undefined) this.#arrived(channel, watched, message);
			}),
			position: undefined,
			change: undefined,
		};
		this.#watched.set(channel, watched);
		return watched;
	}

	#read(bytes: Buffer): Message | undefined {
		try {
			return readMessage(bytes);
		} catch (error) {
			// Of another version, or of somebody else. One report is enough.
			if (!this.#hasReported) this.#init.report('A realtime message cannot be read', error);
			this.#hasReported = true;
			return undefined;
		}
	}

	#arrived(channel: ChannelKey, watched: Watched, message: Message): void {
		switch (message.type) {
			case 'entry':
				watched.position = message.entry.position;
				for (const watcher of [...watched.logs]) watcher.entry(message.entry);
				break;
			case 'cast':
				for (const watcher of [...watched.logs]) watcher.cast(message.cast);
				break;
			case 'entered':
				for (const watcher of [...watched.rosters]) watcher.entered(message.entry);
				this.#changed(channel, watched, message.change);
				break;
			case 'departed':
				for (const watcher of [...watched.rosters]) watcher.departed(message.id);
				this.#changed(channel, watched, message.change);
		}
	}

	#changed(channel: ChannelKey, watched: Watched, change: number): void {
		const { change: known } = watched;
		watched.change = change;
		if (known === undefined || change === known + 1) return;
		if (change < known) this.#lostChanges(channel, watched);
		// The first member of a group that was empty.
		else if (known > 0 || change % FIRST_CHANGE > 0) this.#missedChanges(watched);
	}

	/** Redis lacks changes that this process got. */
	#lostChanges(channel: ChannelKey, watched: Watched): void {
		this.#init.repair(channel);
		this.#missedChanges(watched);
	}

	/** This process lacks changes that Redis has. */
	#missedChanges({ rosters }: Watched): void {
		if (!this.#isRecovering) interrupt(rosters);
	}
}

function interrupt(watchers: ReadonlySet<{ interrupted(): void }>): void {
	for (const watcher of [...watchers]) watcher.interrupted();
}

/**
 * @param position That of Redis, empty if there is none.
 * @param before That of the watchers when Redis was asked. Undefined if they never read.
 * @param known That of the watchers now.
 */
function isMissed(
	position: string,
	before: Position | undefined,
	known: Position | undefined,
): boolean {
	if (before === undefined || known === undefined || position === known) return false;
	// Redis has lost messages.
	if (isBefore(position, before)) return true;
	// Otherwise a message may have arrived since Redis answered.
	return !isBefore(position, known);
}
