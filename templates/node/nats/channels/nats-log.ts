import { checkKeptSize } from '../../../realtime/channel/kept-size.ts';
import type { ChannelKey } from '../../../realtime/channel/key.ts';
import { PAGE_SIZE } from '../../../realtime/channel/limits.ts';
import { isBefore } from '../../../realtime/channel/log/continuity.ts';
import { PageRoom } from '../../../realtime/channel/page-room.ts';
import type {
	Cast,
	Entry,
	Host,
	Log,
	LogWatcher,
	NewEntry,
	Page,
	Retention,
	Unwatch,
} from '../../../realtime/channel/ports.ts';
import { type Position, readPosition } from '../../../realtime/channel/position.ts';
import { unavailable } from '../../engine/answers.ts';
import { DEADLINE } from '../../engine/limits.ts';
import { readSnapshot, writeCast, writeSnapshot } from '../../engine/message.ts';
import { now } from '../../process/clock.ts';
import { READ_AT_ONCE, REPLICA_RETRIES, REPLICA_RETRY } from '../connection/limits.ts';
import type { Names } from '../connection/names.ts';
import type { Requests } from '../connection/requests.ts';
import type { ServerClock } from '../connection/server-clock.ts';
import type { Store } from '../connection/store.ts';
import type { Appender } from './appender.ts';
import type { Channels } from './channels.ts';
import type { Heads } from './heads.ts';
import { type Head, readRecord, sequenceAfter, sequenceFor, writeBare } from './record.ts';

export interface NatsLogInit {
	readonly requests: Pick<Requests, 'tell'>;
	readonly store: Pick<Store, 'from' | 'last' | 'put' | 'trim'>;
	readonly heads: Heads;
	readonly appender: Appender;
	readonly channels: Channels;
	readonly names: Names;
	readonly clock: ServerClock;
	readonly host: Pick<Host, 'alarm'>;
}

/** The logs of channels in a stream: the newest record of a subject is the head of its channel. */
export class NatsLog implements Log {
	readonly #init: NatsLogInit;

	constructor(init: NatsLogInit) {
		this.#init = init;
	}

	async append(channel: ChannelKey, entry: NewEntry, retention: Retention): Promise<Position> {
		checkKeptSize(entry);
		return await this.#init.appender.append(channel, entry, retention);
	}

	async after(channel: ChannelKey, position: Position, limit?: number): Promise<Page> {
		const head = await this.#head(channel);
		return { entries: await this.#after(channel, head, position, limit), head: head.position };
	}

	async last(channel: ChannelKey, count: number, limit?: number): Promise<Page> {
		const [earlier, stored] = await Promise.all([
			this.#head(channel),
			count === 0 ? undefined : this.#init.store.last(this.#init.names.channel(channel).snapshot),
		]);
		let head = earlier;
		const snapshot = stored && readSnapshot(stored.data);
		if (snapshot !== undefined) {
			// Messages, and the snapshot of them, may have come since the head was read.
			if (isBefore(head.position, snapshot.position)) head = await this.#head(channel);
			if (readPosition(snapshot.position)?.epoch === head.epoch) {
				const entries = await this.#after(channel, head, snapshot.position, limit);
				return { snapshot, entries, head: head.position };
			}
		}
		const number = head.number - Math.min(count, head.retention.size);
		const start = sequenceFor(number, head.marks);
		const entries = count === 0 ? [] : await this.#read(channel, head, number, start, limit);
		return { entries, head: head.position };
	}

	async snapshot(channel: ChannelKey, entry: NewEntry, upTo: Position): Promise<boolean> {
		checkKeptSize(entry);
		const { store, names } = this.#init;
		const subject = names.channel(channel).snapshot;
		const data = writeSnapshot({ ...entry, position: upTo });
		for (const end = now() + DEADLINE; now() < end; ) {
			const known = await store.last(subject);
			if (known !== undefined && isBefore(upTo, readSnapshot(known.data).position)) return false;
			const head = await this.#head(channel);
			const [next] = await this.#after(channel, head, upTo, 1);
			if (next === undefined ? upTo !== head.position : next.previous !== upTo) return false;
			const after = known?.sequence ?? 0;
			// Another process may have been faster.
			if ((await store.put({ subject, data, after, isOnly: true })) === undefined) continue;
			await this.#removeUpTo(channel, head, next);
			return true;
		}
		throw unavailable('Too many processes take a snapshot of the channel at the same time.');
	}

	async cast(channel: ChannelKey, cast: Cast): Promise<void> {
		const { requests, names } = this.#init;
		requests.tell({ subject: names.channel(channel).casts, payload: writeCast(cast) });
	}

	async watch(channel: ChannelKey, watcher: LogWatcher): Promise<Unwatch> {
		return await this.#init.channels.watchLog(channel, watcher);
	}

	/** Removes what a snapshot stands for. A record that has later messages as well stays whole. */
	async #removeUpTo(channel: ChannelKey, head: Head, next: Entry | undefined): Promise<void> {
		const { store, names } = this.#init;
		const { records } = names.channel(channel);
		if (next !== undefined) await store.trim(records, sequenceAfter(next.position));
		else if (!head.isBare) {
			// The newest record is the head. If another one came meanwhile, that is.
			await store.put({
				subject: records,
				data: writeBare(head),
				after: head.sequence,
				isOnly: true,
			});
		}
	}

	async #after(
		channel: ChannelKey,
		head: Head,
		position: Position,
		limit?: number,
	): Promise<readonly Entry[]> {
		const own = readPosition(position);
		// What is no position of ours is none of any log.
		if (own === undefined || own.epoch !== head.epoch || limit === 0) return [];
		const number = Math.max(own.number, head.number - head.retention.size);
		const start = Math.max(sequenceAfter(position), sequenceFor(number, head.marks));
		return await this.#read(channel, head, number, start, limit);
	}

	async #head(channel: ChannelKey): Promise<Head> {
		const head = await this.#init.heads.read(channel);
		this.#init.channels.hasRead(channel, head);
		return head;
	}

	/** Reads the messages between a number and a head that are still kept, the oldest of them. */
	async #read(
		channel: ChannelKey,
		head: Head,
		after: number,
		start: number,
		limit: number | undefined,
	): Promise<readonly Entry[]> {
		const { store, names, clock, host } = this.#init;
		if (head.isBare || after >= head.number) return [];
		const { records } = names.channel(channel);
		const oldest = clock.now() - head.retention.ttl * 1000;
		const entries: Entry[] = [];
		const room = new PageRoom(limit);
		const most = Math.min(READ_AT_ONCE, (limit ?? PAGE_SIZE) + 1);
		let next = start;
		for (let tries = 0; ; tries++) {
			for await (const record of store.from(records, next, most)) {
				next = record.sequence + 1;
				// What follows a kept message is kept, also if the clock of the server went back meanwhile.
				if (entries.length > 0 || Date.parse(record.time) > oldest) {
					for (const entry of readRecord(record).entries(after)) {
						if (record.sequence > head.sequence || !room.take(entry)) return entries;
						entries.push(entry);
					}
				}
				if (record.sequence >= head.sequence) return entries;
			}
			// A replica lacks the newest record still, or it was removed meanwhile.
			if (tries >= REPLICA_RETRIES) return entries;
			await new Promise<void>((resolve) => host.alarm(REPLICA_RETRY, resolve));
		}
	}
}
