import { limitKey } from '../http/client-address.ts';
import { coarseClock } from '../process/coarse-clock.ts';
import type { OpenEntry } from './entry.ts';
import { EntryView } from './entry-view.ts';
import type { ManagedConnection } from './managed-connection.ts';
import type { Registry } from './registry.ts';

/** Which connections are meant: those to which all of this applies. */
export interface ConnectionSelection {
	/** More milliseconds than this without a message in either direction. */
	readonly idleMoreThan?: number;
	/** More milliseconds than this since the handshake. */
	readonly olderThan?: number;
	/** All of these tags. */
	readonly tags?: readonly string[];
	/** This address of the client. */
	readonly ip?: string;
	/** What this says of them. */
	readonly where?: (connection: ManagedConnection) => boolean;
	/** Every one of them: what selects by nothing else has to say so. */
	readonly all?: true;
}

const NAMES = ['idleMoreThan', 'olderThan', 'tags', 'ip', 'where', 'all'];

/**
 * Selects connections. Tags and addresses are looked up, and by age only those are looked at that are
 * old enough; idle times and predicates have to be looked at in all that are left.
 */
export function select(registry: Registry, selection: ConnectionSelection): OpenEntry[] {
	check(selection);
	const { idleMoreThan, olderThan, tags = [], ip, where } = selection;
	const clock = coarseClock();
	const now = clock.update();
	return candidates(registry, selection, now).filter(
		(entry) =>
			(olderThan === undefined || now - entry.enteredAt > olderThan) &&
			(idleMoreThan === undefined || clock.idleSince(entry.activeAt) > idleMoreThan) &&
			tags.every((tag) => entry.tags.includes(tag)) &&
			(ip === undefined || entry.address === ip) &&
			(where === undefined || where(new EntryView(entry))),
	);
}

/** The fewest among which all of them are. */
function candidates(
	registry: Registry,
	{ tags = [], ip, olderThan }: ConnectionSelection,
	now: number,
): OpenEntry[] {
	if (tags.length > 0) {
		const rarest = tags.reduce((one, other) =>
			registry.countTagged(other) < registry.countTagged(one) ? other : one,
		);
		return registry.tagged(rarest);
	}
	if (ip !== undefined && ip !== '') return registry.ofClient(limitKey(ip));
	if (olderThan === undefined) return [...registry.all()];
	const old: OpenEntry[] = [];
	for (const entry of registry.all()) {
		if (now - entry.enteredAt <= olderThan) break;
		old.push(entry);
	}
	return old;
}

/** A condition that is misspelled, or happens to be `undefined`, must not close every connection. */
function check(selection: ConnectionSelection): void {
	const given = Object.entries(selection).filter(([, value]) => value !== undefined);
	for (const [name, value] of given) {
		if (!NAMES.includes(name)) {
			throw new TypeError(
				`Connections cannot be selected by \`${name}\`, but by: \`${NAMES.join('`, `')}\``,
			);
		}
		if (name === 'all' && value !== true) {
			throw new TypeError('`all` must be true, or left out');
		}
		const isTime = name === 'idleMoreThan' || name === 'olderThan';
		if (isTime && !(typeof value === 'number' && value >= 0)) {
			throw new TypeError(`\`${name}\` must be a number of milliseconds, got: ${String(value)}`);
		}
	}
	const { tags } = selection;
	if (given.length === 0 || (tags?.length === 0 && given.length === 1)) {
		throw new TypeError('A selection of connections must have a condition, or `all: true`');
	}
}
