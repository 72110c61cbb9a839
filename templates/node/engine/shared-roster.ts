import { dropOldest } from '../../realtime/channel/drop-oldest.ts';
import type { ChannelKey } from '../../realtime/channel/key.ts';
import type {
	Claim,
	Host,
	PresenceEntry,
	RevocationWatcher,
	Roster,
	RosterWatcher,
	Session,
	TakeoverWatcher,
	Unwatch,
} from '../../realtime/channel/ports.ts';
import { CHANNEL_GROUP } from './groups.ts';
import { LEASE, REMEMBERED_REVOCATIONS } from './limits.ts';
import type { Revocation } from './message.ts';

/** The sessions of connections, which any process can continue. */
export interface SharedSessions {
	open(userId: string | undefined): Promise<Session>;
	resume(secret: string, userId: string | undefined): Promise<Session | undefined>;
	suspend(secret: string): Promise<void>;
	claim(secret: string, message: number): Promise<Claim>;
	settle(secret: string, message: number, outcome: string): void;
	/**
	 * Another process continues the session of a connection. Returns its secret, undefined if it is of
	 * none here, or has come back to another connection since.
	 */
	taken(connection: string): string | undefined;
}

export interface SharedRosterInit {
	readonly sessions: SharedSessions;
	readonly channels: {
		watchRoster(channel: ChannelKey, watcher: RosterWatcher): Promise<Unwatch>;
	};
	readonly membership: {
		enter(group: string, id: string, data: string): Promise<void>;
		depart(group: string, id: string, delay: number): void;
		/** Removes the members of a dead process from a group. */
		reapGroup(group: string, process: string): Promise<void>;
	};
	readonly leases: {
		/** Whether this process knows the leases of now. */
		readonly isCurrent: boolean;
		/** Whether a process has members that no one will remove. */
		isKnown(process: string): boolean;
	};
	readonly host: Pick<Host, 'alarm' | 'waitUntil'>;
}

/** Presence, sessions and revocations of all processes, as far as engines do not differ in them. */
export abstract class SharedRoster implements Roster {
	readonly #init: SharedRosterInit;
	readonly #revocations = new Set<RevocationWatcher>();
	readonly #takeovers = new Set<TakeoverWatcher>();
	/** The names of the newest revocations that this process heard of. */
	readonly #heard = new Set<string>();
	#isClosed = false;

	constructor(init: SharedRosterInit) {
		this.#init = init;
	}

	abstract present(channel: ChannelKey): Promise<readonly PresenceEntry[]>;
	abstract revoke(channel: ChannelKey, userId: string): Promise<void>;

	async enter(channel: ChannelKey, entry: PresenceEntry): Promise<void> {
		await this.#init.membership.enter(CHANNEL_GROUP + channel, entry.id, JSON.stringify(entry));
	}

	async depart(channel: ChannelKey, id: string, delay: number): Promise<void> {
		this.#init.membership.depart(CHANNEL_GROUP + channel, id, delay);
	}

	async watch(channel: ChannelKey, watcher: RosterWatcher): Promise<Unwatch> {
		return await this.#init.channels.watchRoster(channel, watcher);
	}

	watchRevocations(watcher: RevocationWatcher): Unwatch {
		this.#revocations.add(watcher);
		return () => {
			this.#revocations.delete(watcher);
		};
	}

	watchTakeovers(watcher: TakeoverWatcher): Unwatch {
		this.#takeovers.add(watcher);
		return () => {
			this.#takeovers.delete(watcher);
		};
	}

	/** @param connection The name of a connection whose session another process continues. */
	taken(connection: string): void {
		const secret = this.#init.sessions.taken(connection);
		if (secret === undefined) return;
		for (const watcher of [...this.#takeovers]) watcher(secret);
	}

	async openSession(userId: string | undefined): Promise<Session> {
		return await this.#init.sessions.open(userId);
	}

	async resumeSession(secret: string, userId: string | undefined): Promise<Session | undefined> {
		return await this.#init.sessions.resume(secret, userId);
	}

	async suspendSession(secret: string): Promise<void> {
		await this.#init.sessions.suspend(secret);
	}

	async claim(secret: string, message: number): Promise<Claim> {
		return await this.#init.sessions.claim(secret, message);
	}

	settle(secret: string, message: number, outcome: string): void {
		this.#init.sessions.settle(secret, message, outcome);
	}

	/** The engine ends. */
	close(): void {
		this.#isClosed = true;
	}

	/**
	 * A user may not be in a channel any more. What is read after a cut link may have arrived before.
	 *
	 * @param name A name that no other revocation has.
	 */
	revoked(name: string, [channel, userId]: Revocation): void {
		if (!this.hear(name)) return;
		for (const watcher of [...this.#revocations]) watcher(channel, userId);
	}

	/** Remembers a revocation, and returns whether it is new. */
	protected hear(name: string): boolean {
		if (this.#heard.has(name)) return false;
		this.#heard.add(name);
		dropOldest(this.#heard, REMEMBERED_REVOCATIONS);
		return true;
	}

	/**
	 * Looks after a while whether the owners of members are known. Otherwise they died without a trace,
	 * because the server lost it, and their members are removed.
	 */
	protected reapUnknown(channel: ChannelKey, owners: Iterable<string>): void {
		const { leases, host } = this.#init;
		const unknown = new Set<string>();
		for (const owner of owners) if (!leases.isKnown(owner)) unknown.add(owner);
		if (unknown.size === 0) return;
		host.alarm(LEASE, () => host.waitUntil(this.#reap(channel, unknown)));
	}

	async #reap(channel: ChannelKey, owners: ReadonlySet<string>): Promise<void> {
		if (this.#isClosed) return;
		const { leases, membership } = this.#init;
		// A process that was stopped meanwhile has not heard of them.
		if (!leases.isCurrent) return this.reapUnknown(channel, owners);
		for (const owner of owners) {
			if (!leases.isKnown(owner)) await membership.reapGroup(CHANNEL_GROUP + channel, owner);
		}
	}
}
