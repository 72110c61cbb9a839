import type { ChannelKey } from '../../../realtime/channel/key.ts';
import type {
	LogWatcher,
	PresenceEntry,
	RosterWatcher,
	Unwatch,
} from '../../../realtime/channel/ports.ts';
import { CHECKED_AT_ONCE } from '../../engine/limits.ts';
import { readMessage } from '../../engine/message.ts';
import type { NatsMessage } from '../connection/client.ts';
import type { ChannelNames, Names } from '../connection/names.ts';
import { type Store, type Stored, stored } from '../connection/store.ts';
import type { Subjects } from '../connection/subjects.ts';
import type { Heads } from './heads.ts';
import { readMember } from './member.ts';
import { type Change, PresenceChain } from './presence-chain.ts';
import { type Head, readRecord } from './record.ts';

/** A place in a stream, and when the server stored what is there. */
type Place = Pick<Stored, 'sequence' | 'time'>;

/** A channel that this process listens to. */
interface Watched {
	readonly names: ChannelNames;
	readonly logs: Set<LogWatcher>;
	readonly rosters: Set<RosterWatcher>;
	logSubscription: Promise<() => void> | undefined;
	rosterSubscription: Promise<() => void> | undefined;
	/** The newest record that the watchers know of, or read up to now. */
	record: Place | undefined;
	presence: PresenceChain;
}

export interface ChannelsInit {
	readonly logStore: Pick<Store, 'last'>;
	readonly stateStore: Pick<Store, 'from'>;
	readonly subjects: Pick<Subjects, 'listen'>;
	readonly heads: Heads;
	readonly names: Names;
	readonly report: (message: string, error?: unknown) => void;
}

/** The channels that this process listens to. */
export class Channels {
	readonly #init: ChannelsInit;
	readonly #watched = new Map<ChannelKey, Watched>();
	/** Whether presence in NATS is incomplete: processes enter their members again. */
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
		const watched = this.#open(channel);
		watched.logs.add(watcher);
		watched.logSubscription ??= this.#listenToLog(channel, watched);
		return await this.#watching(channel, watched, watched.logs, watcher, 'logSubscription');
	}

	async watchRoster(channel: ChannelKey, watcher: RosterWatcher): Promise<Unwatch> {
		const watched = this.#open(channel);
		watched.rosters.add(watcher);
		watched.rosterSubscription ??= this.#listenToRoster(watched);
		return await this.#watching(channel, watched, watched.rosters, watcher, 'rosterSubscription');
	}

	/**
	 * The log was read up to a head. Only the first reader tells where the watchers are: later ones may
	 * be somebody else, and know of records that never arrived here.
	 */
	hasRead(channel: ChannelKey, { sequence, time }: Head): void {
		const watched = this.#watched.get(channel);
		if (watched !== undefined) watched.record ??= { sequence, time };
	}

	/** The same for presence. */
	hasReadPresence(channel: ChannelKey, changes: readonly Change[]): void {
		const presence = this.#watched.get(channel)?.presence;
		if (presence?.upTo === undefined) presence?.begin(changes);
	}

	/**
	 * The connection was away, and changes of presence may be missing. What left meanwhile may have no
	 * trace any more: everyone reads presence again.
	 */
	reconnected(): void {
		this.#forgetPresence();
		if (!this.#isRecovering) this.#interruptRosters();
	}

	/** Presence is incomplete from now on, until {@link recovered}. */
	recover(): void {
		this.#forgetPresence();
		this.#isRecovering = true;
	}

	/** The data is lost: everyone reads it again. */
	restart(): void {
		for (const watched of this.#watched.values()) {
			watched.record = undefined;
			interrupt(watched.logs);
		}
	}

	/** Presence is complete again: everyone reads it. */
	recovered(): void {
		this.#isRecovering = false;
		this.#interruptRosters();
	}

	/**
	 * Compares all channels with NATS, and lets those that differ read again. Messages may have been
	 * lost on the way without a sign, for example between the servers of a cluster.
	 *
	 * @throws RealtimeError if NATS does not answer.
	 */
	async check(): Promise<void> {
		const all = [...this.#watched.values()];
		for (let start = 0; start < all.length; start += CHECKED_AT_ONCE) {
			const part = all.slice(start, start + CHECKED_AT_ONCE);
			await Promise.all(
				part.flatMap((watched) => [this.#checkLog(watched), this.#checkRoster(watched)]),
			);
		}
	}

	async #checkLog(watched: Watched): Promise<void> {
		const before = watched.record;
		if (before === undefined || watched.logs.size === 0) return;
		const found = await this.#init.logStore.last(watched.names.records);
		const known = watched.record;
		if (known === undefined) return;
		const { sequence = 0, time = '' } = found ?? {};
		// A record may have arrived since NATS answered. One that lost records has other ones there.
		const isMissed = sequence > known.sequence;
		const isOther =
			sequence < before.sequence || (sequence === before.sequence && isElsewhen(time, before.time));
		if (!isMissed && !isOther) return;
		watched.record = { sequence, time };
		interrupt(watched.logs);
	}

	async #checkRoster({ names, rosters, presence }: Watched): Promise<void> {
		if (presence.upTo === undefined || rosters.size === 0) return;
		const sequences: number[] = [];
		for await (const { sequence } of this.#init.stateStore.from(
			`${names.members}*`,
			presence.upTo + 1,
		)) {
			sequences.push(sequence);
		}
		if (presence.compare(sequences)) this.#missedChanges(rosters);
	}

	#missedChanges(rosters: ReadonlySet<RosterWatcher>): void {
		if (!this.#isRecovering) interrupt(rosters);
	}

	/** It is read anew. */
	#forgetPresence(): void {
		for (const watched of this.#watched.values()) watched.presence = new PresenceChain();
	}

	#interruptRosters(): void {
		for (const { rosters } of this.#watched.values()) interrupt(rosters);
	}

	#open(channel: ChannelKey): Watched {
		const known = this.#watched.get(channel);
		if (known !== undefined) return known;
		const watched: Watched = {
			names: this.#init.names.channel(channel),
			logs: new Set(),
			rosters: new Set(),
			logSubscription: undefined,
			rosterSubscription: undefined,
			record: undefined,
			presence: new PresenceChain(),
		};
		this.#watched.set(channel, watched);
		return watched;
	}

	async #watching<Watcher>(
		channel: ChannelKey,
		watched: Watched,
		watchers: Set<Watcher>,
		watcher: Watcher,
		key: 'logSubscription' | 'rosterSubscription',
	): Promise<Unwatch> {
		const subscription = watched[key];
		const forget = (): boolean => {
			watchers.delete(watcher);
			if (
				watched.logs.size + watched.rosters.size === 0 &&
				this.#watched.get(channel) === watched
			) {
				this.#watched.delete(channel);
			}
			if (watchers.size > 0) return false;
			if (watched[key] === subscription) watched[key] = undefined;
			return true;
		};
		try {
			const end = await subscription;
			return () => {
				if (watchers.has(watcher) && forget()) end?.();
			};
		} catch (error) {
			forget();
			throw error;
		}
	}

	async #listenToLog(channel: ChannelKey, watched: Watched): Promise<() => void> {
		const { subjects } = this.#init;
		const { told, casts } = watched.names;
		const [endRecords, endCasts] = await Promise.all([
			subjects.listen(told, (message) => this.#recordArrived(channel, watched, message)),
			subjects.listen(casts, ({ data }) => this.#castArrived(watched, data)),
		]);
		return () => {
			endRecords();
			endCasts();
		};
	}

	async #listenToRoster(watched: Watched): Promise<() => void> {
		return await this.#init.subjects.listen(watched.names.toldMembers, (message) =>
			this.#memberArrived(watched, message),
		);
	}

	#recordArrived(channel: ChannelKey, watched: Watched, message: NatsMessage): void {
		const found = stored(message);
		if (found === undefined) return;
		this.#reading(() => {
			const { head, entries } = readRecord(found);
			this.#init.heads.learn(channel, head);
			watched.record = { sequence: found.sequence, time: found.time };
			for (const entry of entries(0)) for (const watcher of [...watched.logs]) watcher.entry(entry);
		});
	}

	#castArrived(watched: Watched, data: Uint8Array): void {
		this.#reading(() => {
			const message = readMessage(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
			if (message.type !== 'cast') return;
			for (const watcher of [...watched.logs]) watcher.cast(message.cast);
		});
	}

	#memberArrived(watched: Watched, message: NatsMessage): void {
		const found = stored(message);
		if (found === undefined) return;
		this.#reading(() => {
			const member = readMember(found.data);
			const { sequence } = found;
			for (const watcher of [...watched.rosters]) {
				if (member.entry === undefined) watcher.departed(member.id);
				else watcher.entered(member.entry as PresenceEntry);
			}
			if (watched.presence.arrived({ ...member, sequence })) this.#missedChanges(watched.rosters);
		});
	}

	#reading(read: () => void): void {
		try {
			read();
		} catch (error) {
			// Of another version, or of somebody else. One report is enough.
			if (!this.#hasReported) this.#init.report('A realtime message cannot be read', error);
			this.#hasReported = true;
		}
	}
}

/** Whether two times differ. One may be unknown. */
function isElsewhen(time: string, other: string): boolean {
	return time !== '' && other !== '' && time !== other;
}

function interrupt(watchers: ReadonlySet<{ interrupted(): void }>): void {
	for (const watcher of [...watchers]) watcher.interrupted();
}
