import type { ChannelKey } from '../../../realtime/channel/key.ts';
import type { Host, NewEntry, Retention } from '../../../realtime/channel/ports.ts';
import { type Position, TAG_LENGTH } from '../../../realtime/channel/position.ts';
import { unavailable } from '../../engine/answers.ts';
import { DEADLINE, ID_LIFETIME } from '../../engine/limits.ts';
import { writeBody } from '../../engine/message.ts';
import { now } from '../../process/clock.ts';
import { MAX_QUEUED, MAX_RECORD_BYTES, MAX_RECORD_ENTRIES } from '../connection/limits.ts';
import type { Names } from '../connection/names.ts';
import type { NewMessage, Store } from '../connection/store.ts';
import type { Heads } from './heads.ts';
import { type Head, type Part, writeRecord } from './record.ts';
import type { Tidier } from './tidier.ts';

/** A message that waits for its record. */
interface Waiting extends Part {
	readonly id: string | undefined;
	readonly retention: Retention;
	readonly resolve: (position: Position) => void;
	readonly reject: (error: unknown) => void;
}

export interface AppenderInit {
	readonly store: Pick<Store, 'last' | 'put'>;
	readonly heads: Heads;
	readonly names: Names;
	readonly tidier: Tidier;
	readonly host: Pick<Host, 'alarm' | 'random'>;
}

/**
 * Appends messages to channels. Of a channel, a process has one record under way: what is published
 * meanwhile goes into the next one. A record names the one that it follows, and the server refuses
 * it if another process was faster. Then it is written again behind that.
 */
export class Appender {
	readonly #init: AppenderInit;
	readonly #queues = new Map<ChannelKey, Waiting[]>();
	#count = 0;

	constructor(init: AppenderInit) {
		this.#init = init;
	}

	/**
	 * @throws RealtimeError `TIMEOUT` if it is unknown whether the engine has the message,
	 * `SERVICE_UNAVAILABLE` if it has not.
	 */
	append(channel: ChannelKey, entry: NewEntry, retention: Retention): Promise<Position> {
		if (this.#count >= MAX_QUEUED) throw unavailable('The realtime engine is overloaded.');
		const { id } = entry;
		const part = { body: writeBody(entry), tag: this.#init.host.random(TAG_LENGTH) };
		this.#count++;
		const appended = new Promise<Position>((resolve, reject) => {
			const waiting = { ...part, id, retention, resolve, reject };
			const queue = this.#queues.get(channel);
			if (queue !== undefined) queue.push(waiting);
			else {
				this.#queues.set(channel, [waiting]);
				// Messages of a moment are one record.
				queueMicrotask(() => void this.#run(channel));
			}
		});
		return appended.finally(() => {
			this.#count--;
		});
	}

	async #run(channel: ChannelKey): Promise<void> {
		const queue = this.#queues.get(channel) ?? [];
		while (queue.length > 0) {
			const next = takeRecord(queue);
			try {
				const positions = await this.#write(channel, next);
				for (const [index, { resolve }] of next.entries()) resolve(positions[index] ?? '');
			} catch (error) {
				for (const { reject } of next) reject(error);
			}
		}
		this.#queues.delete(channel);
	}

	async #write(channel: ChannelKey, parts: readonly Waiting[]): Promise<readonly Position[]> {
		const { store, heads, names, tidier } = this.#init;
		const { records } = names.channel(channel);
		const [{ id, retention }] = [parts.at(-1) as Waiting];
		const idSubject = id === undefined ? undefined : names.id(names.channel(channel), id);
		const end = now() + DEADLINE;
		let refused: Head | undefined;
		for (let tries = 0; now() < end; tries++) {
			const known = heads.known(channel);
			// Another process was faster. Its record may have arrived.
			const isNewer = refused === undefined || (known?.sequence ?? 0) > refused.sequence;
			const head = known !== undefined && isNewer ? known : await heads.read(channel);
			const { bytes, positions, headAt } = writeRecord(head, parts, retention);
			const record: NewMessage = {
				subject: records,
				data: bytes,
				after: head.sequence,
				isOnly: retention.size === 0,
			};
			const position = positions.at(-1) ?? '';
			const sequence =
				idSubject === undefined
					? await store.put(record)
					: await this.#putWithId(record, idSubject, position);
			if (sequence !== undefined) {
				heads.learn(channel, headAt(sequence));
				tidier.appended(records, sequence, retention);
				return positions;
			}
			if (idSubject !== undefined) {
				const earlier = await store.last(idSubject);
				if (earlier !== undefined) return [earlier.data.toString()];
			}
			heads.forget(channel);
			refused = head;
			if (tries > 1) await this.#pause(tries);
		}
		throw unavailable('Too many processes publish to the channel at the same time.');
	}

	/** The record and the id are stored together, if the id is new. */
	async #putWithId(
		record: NewMessage,
		subject: string,
		position: Position,
	): Promise<number | undefined> {
		const lifetime = ID_LIFETIME / 1000;
		const last = await this.#init.store.put(record, {
			subject,
			data: position,
			after: 0,
			lifetime,
		});
		return last === undefined ? undefined : last - 1;
	}

	/** Processes that are refused again and again come at different times. */
	#pause(tries: number): Promise<void> {
		const { host } = this.#init;
		const share = Number.parseInt(host.random(4), 36) / 36 ** 4;
		return new Promise((resolve) => host.alarm(share * Math.min(2 ** tries, 50), resolve));
	}
}

/** Takes the messages of the next record. One with an id is alone. */
function takeRecord(queue: Waiting[]): readonly Waiting[] {
	let count = 0;
	let size = 0;
	for (const { id, body, retention } of queue) {
		const isAlone = id !== undefined || retention.size !== queue[0]?.retention.size;
		size += typeof body === 'string' ? 3 * body.length : body.length;
		if (count > 0 && (isAlone || size > MAX_RECORD_BYTES || count === MAX_RECORD_ENTRIES)) break;
		count++;
		if (id !== undefined) break;
	}
	return queue.splice(0, count);
}
