import type { ChannelKey } from '../../realtime/channel/key.ts';
import { GRACE_AFTER_LOSS } from '../../realtime/channel/limits.ts';
import type { Host, PresenceEntry, RosterWatcher, Unwatch } from '../../realtime/channel/ports.ts';
import { Watchers } from '../../realtime/memory/watchers.ts';
import type { ObjectAlarm } from './object-alarm.ts';
import type { Tables } from './tables.ts';

/** Who is present in the channel of an object, in its SQLite. */
export class SqlPresence {
	readonly #tables: Tables;
	readonly #host: Pick<Host, 'now'>;
	readonly #alarm: Pick<ObjectAlarm, 'ringBy'>;
	readonly #watchers = new Watchers<RosterWatcher>();
	/** The channel that the object keeps. */
	readonly #key: ChannelKey;
	readonly #check: number;
	#lastChange: number | undefined;

	/**
	 * @param check Milliseconds between two looks at who is present: a lost connection wakes nothing.
	 * 0 for none.
	 */
	constructor(
		tables: Tables,
		host: Pick<Host, 'now'>,
		alarm: Pick<ObjectAlarm, 'ringBy'>,
		key: ChannelKey,
		check: number,
	) {
		this.#tables = tables;
		this.#host = host;
		this.#alarm = alarm;
		this.#key = key;
		this.#check = check;
	}

	async enter(channel: ChannelKey, entry: PresenceEntry): Promise<void> {
		const { id, userId, member } = entry;
		this.#tables.write(
			'presence',
			'REPLACE INTO presence (id, user, member, changed) VALUES (?, ?, ?, ?)',
			id,
			userId ?? null,
			JSON.stringify(member),
			this.#nextChange(),
		);
		this.checkSoon();
		for (const watcher of this.#watchers.of(channel)) watcher.entered(entry);
	}

	async depart(channel: ChannelKey, id: string, delay: number): Promise<void> {
		if (delay === 0) {
			this.#remove(channel, id);
			return;
		}
		const departs = this.#host.now() + delay;
		this.#tables.change('presence', 'UPDATE presence SET departs = ? WHERE id = ?', departs, id);
		this.#alarm.ringBy(departs);
	}

	async present(): Promise<readonly PresenceEntry[]> {
		const rows = this.#tables.read(
			'presence',
			'SELECT id, user, member FROM presence ORDER BY changed',
		);
		return rows.map(({ id, user, member }) => ({
			id: String(id),
			userId: user === null ? undefined : String(user),
			member: JSON.parse(String(member)),
		}));
	}

	async watch(channel: ChannelKey, watcher: RosterWatcher): Promise<Unwatch> {
		return this.#watchers.add(channel, watcher);
	}

	/** Makes the alarm ring for the next look at who is still there. */
	checkSoon(): void {
		if (this.#check > 0) this.#alarm.ringBy(this.#host.now() + this.#check);
	}

	/** Whether anyone is present. */
	get hasMembers(): boolean {
		return this.#tables.read('presence', 'SELECT 1 FROM presence LIMIT 1').length > 0;
	}

	/**
	 * Who did not live through a sleep is lost.
	 *
	 * @param connected The ids of the sessions whose connections did.
	 */
	restore(connected: ReadonlySet<string>): void {
		const rows = this.#tables.read('presence', 'SELECT id FROM presence WHERE departs IS NULL');
		for (const { id } of rows) {
			if (!connected.has(String(id))) void this.depart(this.#key, String(id), GRACE_AFTER_LOSS);
		}
	}

	/** Removes who has departed. Call it when the alarm rings. */
	sweep(): void {
		const now = this.#host.now();
		const due = this.#tables.read('presence', 'SELECT id FROM presence WHERE departs <= ?', now);
		for (const { id } of due) this.#remove(this.#key, String(id));
		const [next] = this.#tables.read('presence', 'SELECT min(departs) AS at FROM presence');
		if (typeof next?.at === 'number') this.#alarm.ringBy(next.at);
	}

	#remove(channel: ChannelKey, id: string): void {
		const known = this.#tables.read('presence', 'SELECT 1 FROM presence WHERE id = ?', id);
		if (known.length === 0) return;
		this.#tables.change('presence', 'DELETE FROM presence WHERE id = ?', id);
		for (const watcher of this.#watchers.of(channel)) watcher.departed(id);
	}

	#nextChange(): number {
		if (this.#lastChange === undefined) {
			const [row] = this.#tables.read('presence', 'SELECT max(changed) AS last FROM presence');
			this.#lastChange = Number(row?.last ?? 0);
		}
		this.#lastChange++;
		return this.#lastChange;
	}
}
