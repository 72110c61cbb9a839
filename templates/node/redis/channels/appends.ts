import type { ChannelKey } from '../../../realtime/channel/key.ts';
import type { NewEntry, Retention } from '../../../realtime/channel/ports.ts';
import type { Position } from '../../../realtime/channel/position.ts';
import { writeBody } from '../../engine/message.ts';
import { MAX_TOGETHER, MAX_TOGETHER_BYTES } from '../scripts/limits.ts';

/** A message that is appended. */
export interface Appended {
	readonly id: string | undefined;
	readonly body: ReturnType<typeof writeBody>;
}

/** A message that waits for its command. */
interface Waiting extends Appended {
	readonly retention: Retention;
	readonly resolve: (position: Position) => void;
	readonly reject: (error: unknown) => void;
}

/** Appends messages of the same retention by one command, and resolves with their positions. */
export type Append = (
	channel: ChannelKey,
	messages: readonly Appended[],
	retention: Retention,
) => Promise<readonly Position[]>;

/** Messages of one moment to one channel, which are appended together. */
export class Appends {
	readonly #append: Append;
	readonly #queues = new Map<ChannelKey, Waiting[]>();

	constructor(append: Append) {
		this.#append = append;
	}

	/** Appends a message when the work of this moment is done. */
	add(channel: ChannelKey, entry: NewEntry, retention: Retention): Promise<Position> {
		return new Promise((resolve, reject) => {
			const waiting = { id: entry.id, body: writeBody(entry), retention, resolve, reject };
			const queue = this.#queues.get(channel);
			if (queue !== undefined) queue.push(waiting);
			else {
				this.#queues.set(channel, [waiting]);
				process.nextTick(() => this.flush(channel));
			}
		});
	}

	/** Sends what waits, so that something else may follow. */
	flush(channel: ChannelKey): void {
		const queue = this.#queues.get(channel) ?? [];
		this.#queues.delete(channel);
		while (queue.length > 0) void this.#send(channel, takeTogether(queue));
	}

	async #send(channel: ChannelKey, messages: readonly Waiting[]): Promise<void> {
		const [{ retention }] = messages as readonly [Waiting];
		try {
			const positions = await this.#append(channel, messages, retention);
			for (const [index, { resolve }] of messages.entries()) resolve(positions[index] ?? '');
		} catch (error) {
			for (const { reject } of messages) reject(error);
		}
	}
}

/** Takes the messages of the next command. One with an id is alone. */
function takeTogether(queue: Waiting[]): readonly Waiting[] {
	const [first] = queue as [Waiting, ...Waiting[]];
	let count = 0;
	let size = 0;
	for (const { id, body, retention } of queue) {
		const { size: kept, ttl } = first.retention;
		const isOther = id !== undefined || retention.size !== kept || retention.ttl !== ttl;
		size += body.length;
		if (count > 0 && (isOther || count === MAX_TOGETHER || size > MAX_TOGETHER_BYTES)) break;
		count++;
		if (id !== undefined) break;
	}
	return queue.splice(0, count);
}
