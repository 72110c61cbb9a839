import { limitKey } from '../http/client-address.ts';
import { coarseClock } from '../process/coarse-clock.ts';
import type { OpenEntry } from './connections/entry.ts';
import { EntryView } from './connections/entry-view.ts';
import type { ManagedConnection } from './connections/managed-connection.ts';
import type { Registry } from './registry.ts';

/** Conditions for connections. A connection must match all of them. */
export interface ConnectionSelection {
	/** Idle for more than this number of milliseconds, without a message in either direction. */
	readonly idleMoreThan?: number;
	/** Older than this number of milliseconds, counted from the handshake. */
	readonly olderThan?: number;
	/** Tags that the connection must all have. */
	readonly tags?: readonly string[];
	/** The client address. */
	readonly ip?: string;
	/** A predicate of your own. */
	readonly where?: (connection: ManagedConnection) => boolean;
	/** Every connection. Required for a selection without another condition. */
	readonly all?: true;
}

const NAMES = ['idleMoreThan', 'olderThan', 'tags', 'ip', 'where', 'all'];

/**
 * Selects connections. Tags and addresses use an index, and ages stop at the first connection that
 * is too young. Idle times and predicates check every candidate.
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

/** The smallest known set that contains all matches. */
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

/**
 * Rejects a selection without a valid condition. A misspelled or `undefined` condition must not
 * close every connection.
 */
function check(selection: ConnectionSelection): void {
	const given = Object.entries(selection).filter(([, value]) => value !== undefined);
	for (const [name, value] of given) {
		if (!NAMES.includes(name)) {
			throw new TypeError(
				`\`${name}\` is not a condition of a selection. The conditions are: \`${NAMES.join('`, `')}\``,
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
