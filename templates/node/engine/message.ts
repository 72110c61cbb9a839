import type {
	Cast,
	Entry,
	NewEntry,
	PresenceEntry,
	Snapshot,
} from '../../realtime/channel/ports.ts';
import type { Data } from '../../realtime/protocol/server-frames.ts';

/** What arrives on a subject. */
export type Message =
	| { readonly type: 'entry'; readonly entry: Entry }
	| { readonly type: 'cast'; readonly cast: Cast }
	| { readonly type: 'entered'; readonly change: number; readonly entry: PresenceEntry }
	| { readonly type: 'departed'; readonly change: number; readonly id: string }
	| { readonly type: 'inbox'; readonly userId: string; readonly data: Data }
	| { readonly type: 'revoked'; readonly id: string; readonly of: Revocation }
	| { readonly type: 'taken'; readonly connection: string }
	| { readonly type: 'sign'; readonly sign: string };

export type Revocation = readonly [channel: string, userId: string];

/** How data is written: not at all, as JSON, as bytes. */
type Kind = 0 | 1 | 2;

type Text = string | null;

const NEWLINE = 0x0a;

/** The part of a kept message that does not depend on its position. */
export function writeBody({ name, data, at, from, id }: NewEntry): string | Buffer {
	return withData(JSON.stringify([name, at, from ?? null, id ?? null, kindOf(data)]), data);
}

export function writeCast({ name, data, from, except }: Cast): string | Buffer {
	return withData(`c${JSON.stringify([name, from ?? null, except ?? null, kindOf(data)])}`, data);
}

export function writeInbox(userId: string, data: Data): string | Buffer {
	return withData(`u${JSON.stringify([userId, kindOf(data)])}`, data);
}

/** @throws Error for a message that this version does not know. */
export function readMessage(bytes: Buffer): Message {
	const type = String.fromCharCode(bytes[0] ?? 0);
	const lines = new Lines(bytes);
	switch (type) {
		case 'e':
			return { type: 'entry', entry: readEntry(bytes) };
		case 'c': {
			const [name, from, except, kind] = lines.json<[string, Text, Text, Kind]>();
			return {
				type: 'cast',
				cast: {
					name,
					data: lines.data(kind),
					from: from ?? undefined,
					except: except ?? undefined,
				},
			};
		}
		case 'p':
			return { type: 'entered', change: Number(lines.text()), entry: JSON.parse(lines.rest()) };
		case 'd':
			return { type: 'departed', change: Number(lines.text()), id: lines.rest() };
		case 'u': {
			const [userId, kind] = lines.json<[string, Kind]>();
			return { type: 'inbox', userId, data: lines.data(kind) };
		}
		case 'r':
			return { type: 'revoked', id: lines.text(), of: JSON.parse(lines.rest()) };
		case 't':
			return { type: 'taken', connection: lines.rest() };
		case 'n':
			return { type: 'sign', sign: lines.rest() };
		default:
			throw new Error(`A realtime message has the unknown type ${JSON.stringify(type)}.`);
	}
}

/** Reads a kept message as it is published and stored. */
export function readEntry(bytes: Buffer): Entry {
	const lines = new Lines(bytes);
	const position = lines.text();
	const previous = lines.text();
	return { position, previous, ...readLines(lines) };
}

export function writeSnapshot(snapshot: Snapshot): string | Buffer {
	const body = writeBody(snapshot);
	const position = `s${snapshot.position}\n`;
	if (typeof body === 'string') return position + body;
	return Buffer.concat([Buffer.from(position), body]);
}

/** Reads what {@link writeSnapshot} wrote. */
export function readSnapshot(bytes: Buffer): Snapshot {
	const lines = new Lines(bytes);
	const position = lines.text();
	return { position, ...readLines(lines) };
}

/** Reads what {@link writeBody} wrote. */
export function readBody(bytes: Buffer): NewEntry {
	return readLines(new Lines(bytes, 0));
}

function readLines(lines: Lines): NewEntry {
	const [name, at, from, id, kind] = lines.json<[string, number, Text, Text, Kind]>();
	return {
		name,
		at,
		from: from ?? undefined,
		id: id ?? undefined,
		data: lines.data(kind),
	};
}

/** Reads the lines behind the letter of the type. */
class Lines {
	readonly #bytes: Buffer;
	#start: number;

	constructor(bytes: Buffer, start = 1) {
		this.#bytes = bytes;
		this.#start = start;
	}

	text(): string {
		const end = this.#bytes.indexOf(NEWLINE, this.#start);
		const line = this.#bytes.toString('utf8', this.#start, end < 0 ? undefined : end);
		this.#start = end < 0 ? this.#bytes.length : end + 1;
		return line;
	}

	json<Value>(): Value {
		return JSON.parse(this.text());
	}

	rest(): string {
		return this.#bytes.toString('utf8', this.#start);
	}

	data(kind: Kind): Data {
		if (kind === 0) return undefined;
		// A copy: the bytes belong to a larger buffer of the connection.
		return kind === 1 ? this.rest() : Uint8Array.from(this.#bytes.subarray(this.#start));
	}
}

function kindOf(data: Data): Kind {
	if (data === undefined) return 0;
	return typeof data === 'string' ? 1 : 2;
}

function withData(header: string, data: Data): string | Buffer {
	if (data === undefined) return `${header}\n`;
	if (typeof data === 'string') return `${header}\n${data}`;
	return Buffer.concat([Buffer.from(`${header}\n`), data]);
}
