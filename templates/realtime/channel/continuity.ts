import type { GapReason } from '../protocol/server-frames.ts';
import type { Page, Retention } from './ports.ts';
import { type Position, readPosition } from './position.ts';

/**
 * Why a page does not continue a position, or undefined if it does.
 *
 * A number alone does not tell: a log that lost acknowledged messages in a failover gives their
 * numbers to other messages. Hence each message names the one before it.
 */
export function gapBetween(
	position: Position,
	page: Page,
	{ size }: Retention,
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

/** Whether a position stands before another one of the same epoch. */
export function isBefore(position: Position, other: Position): boolean {
	const one = readPosition(position);
	const two = readPosition(other);
	return (
		one !== undefined && two !== undefined && one.epoch === two.epoch && one.number < two.number
	);
}
