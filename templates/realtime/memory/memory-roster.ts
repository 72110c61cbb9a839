import type { ChannelKey } from '../channel/key.ts';

import { CLAIM_LIFETIME, MAX_SESSIONS, SESSION_ID_LENGTH } from '../channel/limits.ts';

import type {
	Claim,
	Host,
	PresenceEntry,
	RevocationWatcher,
	Roster,
	RosterWatcher,
	Session,
	Unwatch,
} from '../channel/ports.ts';
import { RealtimeError } from '../protocol/errors.ts';
import { Claims } from './claims.ts';
import { Watchers } from './watchers.ts';

interface Present {
	readonly entry: PresenceEntry;
	cancelDeparture: (() => void) | undefined;
}

interface OpenSession extends Session {
	readonly userId: string | undefined;
	claims: Claims | undefined;
	/** Set while the session has no connection: cancels its end. */
	cancelEnd: (() => void) | undefined;
}

/** A host that also makes secrets. */
export type RosterHost = Pick<Host, 'now' | 'random' | 'alarm' | 'secret'>;

/** Presence, sessions and claims of one process. */
export class MemoryRoster implements Roster {
	readonly #host: RosterHost;
	/** By the id of the session, in the order of the last change. */
	readonly #present = new Map<ChannelKey, Map<string, Present>>();
	readonly #watchers = new Watchers<RosterWatcher>();
	readonly #revocations = new Set<RevocationWatcher>();
	readonly #sessions = new Map<string, OpenSession>();
	/** Sessions by user, the oldest first. Anonymous ones are in none. */
	readonly #ofUser = new Map<string, Set<OpenSession>>();

	constructor(host: RosterHost) {
		this.#host = host;
	}

	async enter(channel: ChannelKey, entry: PresenceEntry): Promise<void> {
		const present = this.#present.get(channel) ?? new Map<string, Present>();
		this.#present.set(channel, present);
		present.get(entry.id)?.cancelDeparture?.();
		present.delete(entry.id);
		present.set(entry.id, { entry, cancelDeparture: undefined });
		for (const watcher of this.#watchers.of(channel)) watcher.entered(entry);
	}

	async depart(channel: ChannelKey, id: string, delay: number): Promise<void> {
		const one = this.#present.get(channel)?.get(id);
		if (one === undefined) return;
		one.cancelDeparture?.();
		const depart = (): void => this.#remove(channel, id);
		if (delay === 0) depart();
		else one.cancelDeparture = this.#host.alarm(delay, depart);
	}

	async present(channel: ChannelKey): Promise<readonly PresenceEntry[]> {
		return [...(this.#present.get(channel)?.values() ?? [])].map(({ entry }) => entry);
	}

	async watch(channel: ChannelKey, watcher: RosterWatcher): Promise<Unwatch> {
		return this.#watchers.add(channel, watcher);
	}

	async revoke(channel: ChannelKey, userId: string): Promise<void> {
		for (const watcher of [...this.#revocations]) watcher(channel, userId);
	}

	watchRevocations(watcher: RevocationWatcher): Unwatch {
		this.#revocations.add(watcher);
		return () => {
			this.#revocations.delete(watcher);
		};
	}

	async openSession(userId: string | undefined): Promise<Session> {
		const session: OpenSession = {
			secret: this.#host.secret(),
			id: this.#host.random(SESSION_ID_LENGTH),
			userId,
			claims: undefined,
			cancelEnd: undefined,
		};
		this.#sessions.set(session.secret, session);
		if (userId !== undefined) this.#addToUser(userId, session);
		return session;
	}

	async resumeSession(secret: string, userId: string | undefined): Promise<Session | undefined> {
		const session = this.#sessions.get(secret);
		if (session === undefined || session.userId !== userId) return undefined;
		session.cancelEnd?.();
		session.cancelEnd = undefined;
		return session;
	}

	async suspendSession(secret: string): Promise<void> {
		const session = this.#sessions.get(secret);
		if (session === undefined) return;
		session.cancelEnd ??= this.#host.alarm(CLAIM_LIFETIME, () => this.#end(session));
	}

	claim(secret: string, message: number): Claim | Promise<Claim> {
		const session = this.#sessions.get(secret);
		if (session === undefined) {
			throw new RealtimeError({ code: 'UNCERTAIN', message: 'The session has ended.' });
		}
		session.claims ??= new Claims();
		return session.claims.take(message);
	}

	settle(secret: string, message: number, outcome: string): void | Promise<void> {
		this.#sessions.get(secret)?.claims?.settle(message, outcome);
	}

	#remove(channel: ChannelKey, id: string): void {
		const present = this.#present.get(channel);
		if (present === undefined || !present.delete(id)) return;
		if (present.size === 0) this.#present.delete(channel);
		for (const watcher of this.#watchers.of(channel)) watcher.departed(id);
	}

	#addToUser(userId: string, session: OpenSession): void {
		const sessions = this.#ofUser.get(userId) ?? new Set();
		this.#ofUser.set(userId, sessions);
		sessions.add(session);
		if (sessions.size <= MAX_SESSIONS) return;
		for (const other of sessions) {
			if (other.cancelEnd === undefined) continue;
			this.#end(other);
			return;
		}
	}

	#end(session: OpenSession): void {
		const { secret, userId } = session;
		session.cancelEnd?.();
		this.#sessions.delete(secret);
		if (userId === undefined) return;
		const sessions = this.#ofUser.get(userId);
		sessions?.delete(session);
		if (sessions?.size === 0) this.#ofUser.delete(userId);
	}
}
