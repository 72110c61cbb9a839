import type { ChannelKey } from '../../realtime/channel/key.ts';
import { CLAIM_LIFETIME, MAX_SESSIONS, SESSION_ID_LENGTH } from '../../realtime/channel/limits.ts';
import type {
	Claim,
	Host,
	PresenceEntry,
	RevocationWatcher,
	Roster,
	RosterWatcher,
	Session,
	Unwatch,
} from '../../realtime/channel/ports.ts';
import type { ObjectAlarm } from './object-alarm.ts';
import { SqlClaims } from './sql-claims.ts';
import { SqlPresence } from './sql-presence.ts';
import type { SqlRow } from './storage.ts';
import type { Tables } from './tables.ts';

/** Sessions of one object in its SQLite, with their presence and their claims. */
export class SqlRoster implements Roster {
	readonly presence: SqlPresence;
	readonly #tables: Tables;
	readonly #host: Pick<Host, 'now' | 'random' | 'secret'>;
	readonly #revocations = new Set<RevocationWatcher>();
	/** The sessions that have a connection. */
	readonly #connected = new Set<string>();
	readonly #claims: SqlClaims;
	#sweptAt = 0;

	/** @param key The channel that the object keeps. */
	constructor(
		tables: Tables,
		host: Pick<Host, 'now' | 'random' | 'secret'>,
		alarm: Pick<ObjectAlarm, 'ringBy'>,
		key: ChannelKey,
		presenceCheck: number,
	) {
		this.#tables = tables;
		this.#host = host;
		this.presence = new SqlPresence(tables, host, alarm, key, presenceCheck);
		this.#claims = new SqlClaims(tables, (secret) => this.#sessionOf(secret) !== undefined);
	}

	enter(channel: ChannelKey, entry: PresenceEntry): Promise<void> {
		return this.presence.enter(channel, entry);
	}

	depart(channel: ChannelKey, id: string, delay: number): Promise<void> {
		return this.presence.depart(channel, id, delay);
	}

	present(): Promise<readonly PresenceEntry[]> {
		return this.presence.present();
	}

	watch(channel: ChannelKey, watcher: RosterWatcher): Promise<Unwatch> {
		return this.presence.watch(channel, watcher);
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
		this.#sweepSessions();
		if (userId !== undefined) this.#makeRoom(userId);
		const session = {
			secret: this.#host.secret(),
			id: this.#host.random(SESSION_ID_LENGTH),
		};
		this.#tables.write(
			'sessions',
			'INSERT INTO sessions (secret, id, user) VALUES (?, ?, ?)',
			session.secret,
			session.id,
			userId ?? null,
		);
		this.#connected.add(session.secret);
		this.#claims.opened(session.secret);
		return session;
	}

	async resumeSession(secret: string, userId: string | undefined): Promise<Session | undefined> {
		const row = this.#sessionOf(secret);
		if (row === undefined || row.user !== (userId ?? null)) return undefined;
		if (row.suspended !== null) {
			if (Number(row.suspended) <= this.#host.now() - CLAIM_LIFETIME) return undefined;
			this.#tables.change(
				'sessions',
				'UPDATE sessions SET suspended = NULL WHERE secret = ?',
				secret,
			);
		}
		this.#connected.add(secret);
		return { secret, id: String(row.id) };
	}

	async suspendSession(secret: string): Promise<void> {
		this.#connected.delete(secret);
		this.#claims.closed(secret);
		this.#suspend(secret);
	}

	claim(secret: string, message: number, mayRunAgain = false): Claim {
		return this.#claims.claim(secret, message, mayRunAgain);
	}

	outlastsTurn(secret: string, message: number): void {
		this.#claims.outlastsTurn(secret, message);
	}

	settle(secret: string, message: number, outcome: string): void {
		this.#claims.settle(secret, message, outcome);
	}

	/** Takes the sessions whose connections lived through a sleep. The others are lost. */
	restore(connected: Iterable<Session>): void {
		const ids = new Set<string>();
		for (const { secret, id } of connected) {
			this.#connected.add(secret);
			ids.add(id);
		}
		this.presence.restore(ids);
	}

	#sessionOf(secret: string): SqlRow | undefined {
		return this.#tables.read(
			'sessions',
			'SELECT id, user, suspended FROM sessions WHERE secret = ?',
			secret,
		)[0];
	}

	#suspend(secret: string): void {
		this.#tables.change(
			'sessions',
			'UPDATE sessions SET suspended = ? WHERE secret = ?',
			this.#host.now(),
			secret,
		);
	}

	/**
	 * Forgets sessions that ended two minutes ago. Nothing waits for that, so it is done when the next
	 * one opens, and not by an alarm.
	 */
	#sweepSessions(): void {
		const now = this.#host.now();
		if (now - this.#sweptAt < CLAIM_LIFETIME) return;
		this.#sweptAt = now;
		const rows = this.#tables.read('sessions', 'SELECT secret, suspended FROM sessions');
		for (const { secret, suspended } of rows) {
			if (suspended === null) {
				// Its connection was lost together with the object.
				if (!this.#connected.has(String(secret))) this.#suspend(String(secret));
			} else if (Number(suspended) <= now - CLAIM_LIFETIME) this.#end(String(secret));
		}
	}

	/**
	 * Ends the oldest session without a connection of a user who has many. The table is read as a
	 * whole: an index would cost a written row for each join, as much as reading 1,000 sessions.
	 */
	#makeRoom(userId: string): void {
		const rows = this.#tables.read(
			'sessions',
			'SELECT secret, suspended FROM sessions WHERE user = ? ORDER BY suspended',
			userId,
		);
		if (rows.length < MAX_SESSIONS) return;
		const oldest = rows.find(({ suspended }) => suspended !== null);
		if (oldest !== undefined) this.#end(String(oldest.secret));
	}

	#end(secret: string): void {
		this.#tables.change('sessions', 'DELETE FROM sessions WHERE secret = ?', secret);
		this.#claims.ended(secret);
	}
}
