import type { GapReason } from '../../protocol/server-frames.ts';
import type { ChannelKey } from '../key.ts';
import type { Log, Page, Retention, Snapshot } from '../ports.ts';
import { type Position, readPosition, writePosition } from '../position.ts';

/**
 * Why a page does not continue a position, or undefined if it does.
 *
 * A number alone does not tell: a log that lost acknowledged messages in a failover gives their
 * numbers to other messages. Hence each message names the one before it.
 */
export function gapBetween(
	position: Position,
	page: Page,
	{ size }: Pick<Retention, 'size'>,
): GapReason | undefined {
	const [first] = page.entries;
	if (first === undefined ? page.head === position : first.previous === position) return undefined;
	const own = readPosition(position);
	const head = readPosition(page.head);
	if (own === undefined || head === undefined) return 'restarted';
	if (own.epoch !== head.epoch || own.number > head.number) return 'restarted';
	const next = first && readPosition(first.position);
	// The log continues at the next number, or ends at this one, but not from this message.
	const isForked = next === undefined ? own.number === head.number : next.number === own.number + 1;
	if (isForked) return 'restarted';
	return size === 0 ? 'not kept' : 'trimmed';
}

/**
 * Reads what follows a position. If entries are missing and a snapshot stands for them, the page
 * begins with that.
 *
 * @param limit Left out as in `after()` of a log.
 */
export async function pageAfter(
	log: Pick<Log, 'after' | 'last'>,
	channel: ChannelKey,
	position: Position,
	retention: Retention,
	limit?: number,
): Promise<Page> {
	const page = await log.after(channel, position, limit);
	const reason = gapBetween(position, page, retention);
	if (reason === undefined || retention.size === 0) return page;
	const newest = await log.last(channel, 1, limit);
	return newest.snapshot !== undefined && replaces(newest.snapshot, position, reason)
		? newest
		: page;
}

/** Whether a snapshot gives more than a position has, after which entries are missing. */
function replaces(snapshot: Snapshot, position: Position, reason: GapReason): boolean {
	// What the log has lost is no part of the snapshot, which may have a lower number than that.
	if (reason === 'restarted') return snapshot.position !== position;
	return isBefore(position, snapshot.position);
}

/**
 * The position of a join that begins with a snapshot. It is that of no entry: a client that is lost
 * before it gets the snapshot gets it the next time.
 */
export function positionBefore(snapshot: Snapshot): Position {
	const { epoch, number } = readPosition(snapshot.position) ?? { epoch: '', number: 0 };
	return writePosition(epoch, number, '0');
}

/** Whether a position stands before another one of the same epoch. */
export function isBefore(position: Position, other: Position): boolean {
	const one = readPosition(position);
	const two = readPosition(other);
	return (
		one !== undefined && two !== undefined && one.epoch === two.epoch && one.number < two.number
	);
}
