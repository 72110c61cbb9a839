import { limitKey } from '../http/client-address.ts';
import { coarseClock } from '../process/coarse-clock.ts';
import type { Connections } from './connections.ts';
import { ConnectionView, type ManagedConnection, type OpenSlot } from './managed-connection.ts';

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
export function select(books: Connections, selection: ConnectionSelection): OpenSlot[] {
	check(selection);
	const { idleMoreThan, olderThan, tags = [], ip, where } = selection;
	const clock = coarseClock();
	const now = clock.update();
	return candidates(books, selection, now).filter(
		(slot) =>
			(olderThan === undefined || now - slot.enteredAt > olderThan) &&
			(idleMoreThan === undefined || clock.idleSince(slot.activeAt) > idleMoreThan) &&
			tags.every((tag) => slot.tags.includes(tag)) &&
			(ip === undefined || slot.address === ip) &&
			(where === undefined || where(new ConnectionView(slot))),
	);
}

/** The fewest among which all of them are. */
function candidates(
	books: Connections,
	{ tags = [], ip, olderThan }: ConnectionSelection,
	now: number,
): OpenSlot[] {
	if (tags.length > 0) {
		const rarest = tags.reduce((one, other) =>
			books.countTagged(other) < books.countTagged(one) ? other : one,
		);
		return books.tagged(rarest);
	}
	if (ip !== undefined && ip !== '') return books.ofClient(limitKey(ip));
	if (olderThan === undefined) return [...books.all()];
	const old: OpenSlot[] = [];
	for (const slot of books.all()) {
		if (now - slot.enteredAt <= olderThan) break;
		old.push(slot);
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
