import { checkKeptSize } from '../../../realtime/channel/kept-size.ts';
import type { ChannelKey } from '../../../realtime/channel/key.ts';
import { PAGE_BYTES, PAGE_SIZE } from '../../../realtime/channel/limits.ts';
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
import {
	EPOCH_LENGTH,
	type Position,
	readPosition,
	TAG_LENGTH,
} from '../../../realtime/channel/position.ts';
import { HEAD_LIFETIME, ID_LIFETIME, READS_AT_ONCE } from '../../engine/limits.ts';
import { readEntry, readSnapshot, writeCast, writeSnapshot } from '../../engine/message.ts';
import { Slots } from '../../engine/slots.ts';
import type { Argument } from '../connection/client.ts';
import type { Commands } from '../connection/commands.ts';
import type { Keys } from '../connection/keys.ts';
import { APPEND } from '../scripts/append.ts';
import { FORMAT } from '../scripts/limits.ts';
import { READ } from '../scripts/read.ts';
import { SNAPSHOT } from '../scripts/snapshot.ts';
import type { Leases } from '../sessions/leases.ts';
import { type Append, type Appended, Appends } from './appends.ts';
import type { Channels } from './channels.ts';

export interface RedisLogInit {
	readonly commands: Pick<Commands, 'run' | 'send'>;
	readonly channels: Channels;
	readonly keys: Keys;
	readonly leases: Pick<Leases, 'time'>;
	readonly host: Pick<Host, 'random'>;
}

/** The logs of channels in Redis: a head, and a stream of messages by their numbers. */
export class RedisLog implements Log {
	readonly #init: RedisLogInit;
	readonly #appends: Appends;
	readonly #reads = new Slots(READS_AT_ONCE);
	/** For the next channels without a root. */
	#epoch: string;

	constructor(init: RedisLogInit) {
		this.#init = init;
		this.#appends = new Appends((...given) => this.#append(...given));
		this.#epoch = init.host.random(EPOCH_LENGTH);
	}

	async append(channel: ChannelKey, entry: NewEntry, retention: Retention): Promise<Position> {
		checkKeptSize(entry);
		return await this.#appends.add(channel, entry, retention);
	}

	async after(channel: ChannelKey, position: Position, limit?: number): Promise<Page> {
		return await this.#read(channel, limit, ...numberOf(position));
	}

	async last(channel: ChannelKey, count: number, limit?: number): Promise<Page> {
		return await this.#read(channel, count === 0 ? 0 : limit, count);
	}

	async snapshot(channel: ChannelKey, entry: NewEntry, upTo: Position): Promise<boolean> {
		checkKeptSize(entry);
		const own = readPosition(upTo);
		if (own === undefined) return false;
		const { commands, keys } = this.#init;
		const { head, log, root, snapshot } = keys.channel(channel);
		this.#appends.flush(channel);
		const isTaken = await commands.run(
			SNAPSHOT,
			[head, log, root, snapshot],
			[
				FORMAT,
				upTo,
				own.epoch,
				own.number,
				writeSnapshot({ ...entry, position: upTo }),
				HEAD_LIFETIME,
			],
		);
		return Number(isTaken) === 1;
	}

	async cast(channel: ChannelKey, cast: Cast): Promise<void> {
		const { commands, keys } = this.#init;
		// Messages arrive in the order in which they were sent.
		this.#appends.flush(channel);
		await commands.send('PUBLISH', keys.channel(channel).subject, writeCast(cast));
	}

	async watch(channel: ChannelKey, watcher: LogWatcher): Promise<Unwatch> {
		return await this.#init.channels.watchLog(channel, watcher);
	}

	async #append(...[channel, messages, { size, ttl }]: Parameters<Append>): Promise<Position[]> {
		const { commands, keys, host, leases } = this.#init;
		const names = keys.channel(channel);
		const own = [names.head, names.log, names.root];
		const [{ id }] = messages as readonly [Appended];
		if (id !== undefined) own.push(keys.id(names, id));
		const positions = (await commands.run(APPEND, own, [
			names.subject,
			this.#epoch,
			size,
			Math.max(1, Math.ceil(ttl)),
			leases.time,
			HEAD_LIFETIME,
			ID_LIFETIME,
			FORMAT,
			...messages.flatMap(({ body }) => [body, host.random(TAG_LENGTH)]),
		])) as readonly Buffer[];
		return positions.map((position) => this.#noted(String(position)));
	}

	/** Reads a page, or a number of messages, which take several answers if they are large. */
	async #read(
		channel: ChannelKey,
		limit: number | undefined,
		...from: readonly Argument[]
	): Promise<Page> {
		const first = await this.#readPage(channel, limit ?? PAGE_SIZE, ...from);
		if (limit === undefined) return first;
		let entries = [...first.entries];
		let { head } = first;
		while (entries.length < limit) {
			const last = entries.at(-1)?.position ?? head;
			if (last === head) break;
			const more = limit - entries.length;
			const page = await this.#readPage(channel, more, ...numberOf(last));
			// What was read has been trimmed, together with what followed it.
			if (page.entries[0]?.previous !== last) entries = [];
			entries.push(...page.entries);
			head = page.head;
		}
		return { ...first, entries, head };
	}

	/** Reads as many messages as fit into a page, and at most this number. */
	async #readPage(channel: ChannelKey, most: number, ...from: readonly Argument[]): Promise<Page> {
		const { commands, keys, channels } = this.#init;
		const { head, log, root, snapshot } = keys.channel(channel);
		const page = (await this.#reads.run(() => {
			// What this process has sent is read.
			this.#appends.flush(channel);
			return commands.run(
				READ,
				[head, log, root, snapshot],
				[FORMAT, this.#epoch, HEAD_LIFETIME, most, PAGE_BYTES, ...from],
			);
		})) as readonly Buffer[];
		const [position = '', found, ...messages] = page;
		const entries = messages.map((message): Entry => readEntry(message));
		const newest = this.#noted(String(position));
		channels.hasRead(channel, newest);
		if (!found?.length) return { entries, head: newest };
		return { snapshot: readSnapshot(found), entries, head: newest };
	}

	/** An epoch is given away once. */
	#noted(position: Position): Position {
		if (position.startsWith(this.#epoch)) this.#epoch = this.#init.host.random(EPOCH_LENGTH);
		return position;
	}
}

/** Of a position, as the script for reading takes it. What is no position of ours is none of any log. */
function numberOf(position: Position): [number: number, epoch: string] {
	const { epoch, number } = readPosition(position) ?? { epoch: '', number: 0 };
	return [number, epoch];
}
