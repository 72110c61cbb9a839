import type { Gap, Handle } from '../client/base/types.ts';
import type { ReceivedEvent, UntypedTestRoom, WaitOptions } from '../define/api/test-types.ts';
import { Arrivals } from './arrivals.ts';
import type { Journal } from './journal.ts';

export interface RoomOptions {
	/** The channel, for messages. */
	readonly place: string;
	/** The names of what it can get. */
	readonly names: readonly string[];
	readonly handle: Handle;
	readonly journal: Journal;
	/** Milliseconds of a wait. */
	readonly timeout: number;
	readonly gaps: Arrivals<Gap>;
}

/** A handle of a channel that remembers what it got. */
export function testRoom(options: RoomOptions): UntypedTestRoom {
	const { place, names, handle, journal, timeout, gaps } = options;
	const received: ReceivedEvent[] = [];
	const arrivals = new Map<string, Arrivals<unknown>>();
	for (const name of names) {
		const arriving = new Arrivals<unknown>();
		arrivals.set(name, arriving);
		handle.on(name, (data, details) => {
			received.push({ event: name, data, ...details });
			arriving.add(data);
		});
	}
	const missing = (what: string, limit: number): string =>
		`${what} within ${limit} ms in ${place}. The client saw:\n${journal.text}`;
	return {
		on: handle.on,
		send: handle.send,
		leave: handle.leave,
		presence: handle.presence as UntypedTestRoom['presence'],
		status: handle.status,
		get position() {
			return handle.position;
		},
		received,
		async next(event: string, { timeout: limit = timeout }: WaitOptions = {}) {
			const arriving = arrivals.get(event);
			if (arriving === undefined) {
				const known = names.map((name) => `\`${name}\``).join(', ') || 'none';
				throw new TypeError(`${place} has no event \`${event}\`. Its events: ${known}.`);
			}
			return await arriving.take(limit, () => missing(`No \`${event}\` came`, limit));
		},
		nextGap: ({ timeout: limit = timeout }: WaitOptions = {}) =>
			gaps.take(limit, () => missing('No gap was told', limit)),
	};
}
