import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { FrameError, readClientFrame } from './client-frames.ts';
import { MALFORMED_FRAME } from './constants.ts';
import type { ErrorData } from './errors.ts';
import { type Data, readFrames, writeContent } from './frame-content.ts';
import type { PresentMember } from './server-frames.ts';
import * as write from './server-frames.ts';

/** A frame as it travels: `text`, or the bytes of a binary message in hexadecimal. */
interface Message {
	readonly title: string;
	readonly text?: string;
	readonly hex?: string;
}

/** The parts of a frame by their names in protocol.md. `bytes` is data in hexadecimal. */
type Parts = Readonly<Record<string, unknown>> & { readonly type: string; readonly bytes?: string };

interface Vectors {
	/** Frames of clients. Those without `frame` are readable, and their parts are not compared. */
	readonly client: readonly (Message & {
		readonly frame?: Parts;
		/** False for another spelling than the one of our client. */
		readonly isCanonical?: boolean;
	})[];
	readonly server: readonly (Message & {
		readonly frame: Parts;
	})[];
	/** Messages of clients after which the server closes the connection with the code `close`. */
	readonly malformed: readonly (Message & { readonly close: number })[];
	/** Messages of servers that clients ignore. */
	readonly ignored: readonly Message[];
}

const vectors: Vectors = JSON.parse(
	readFileSync(new URL('./vectors.json', import.meta.url), 'utf8'),
) as Vectors;

/** The names of a frame's parts in their order, without the data. */
const SERVER_PARTS: Readonly<Record<string, readonly string[]>> = {
	joined: ['ref', 'channel', '*'],
	refused: ['ref', 'error'],
	welcome: ['*'],
	event: ['channel', 'position', 'previous', 'at', 'from', 'id', 'name'],
	cast: ['channel', 'from', 'name'],
	snapshot: ['channel', 'position', 'at', 'from', 'id', 'name'],
	gap: ['channel', 'reason', 'position'],
	members: ['channel', 'members', 'count'],
	changes: ['channel', '*', 'count'],
	reply: ['ref', 'id'],
	error: ['ref', 'id', 'error'],
	left: ['ref', 'error'],
	inbox: [],
	credit: ['count'],
	drain: ['milliseconds'],
};

describe('the vectors of the protocol', () => {
	for (const { title, frame, ...message } of vectors.client) {
		it(`are read by the server: ${title}`, () => {
			const read = readClientFrame(content(message));
			if (frame !== undefined) assert.deepEqual(namedParts(read), frame);
		});
	}

	for (const { title, close, ...message } of vectors.malformed) {
		it(`are refused by the server: ${title}`, () => {
			assert.equal(close, MALFORMED_FRAME);
			assert.throws(() => readClientFrame(content(message)), FrameError);
		});
	}

	for (const { title, frame, ...message } of vectors.server) {
		it(`are written by the server: ${title}`, () => {
			const written = serverFrame(frame);
			assert.deepEqual(written.content, content(message));
			assert.equal(written.size, Buffer.from(content(message)).byteLength);
		});
	}

	for (const { title, frame, isCanonical, ...message } of vectors.client) {
		if (isCanonical === false || frame === undefined) continue;
		it(`are written by the client: ${title}`, () => {
			assert.deepEqual(writeContent(clientParts(frame), dataOf(frame)), content(message));
		});
	}

	for (const { title, frame, ...message } of vectors.server) {
		it(`are read by the client: ${title}`, () => {
			const [parts = []] = readFrames(content(message));
			const names = SERVER_PARTS[frame.type] ?? assert.fail('The type is unknown.');
			const read: Record<string, unknown> = { type: parts[0] };
			for (const [index, name] of names.entries()) {
				if (name === '*') Object.assign(read, parts[index + 1]);
				else read[name] = parts[index + 1];
			}
			const data = parts[names.length + 1];
			if (data instanceof Uint8Array) read.bytes = Buffer.from(data).toString('hex');
			else if (parts.length > names.length + 1) read.data = data;
			assert.deepEqual(read, frame);
		});
	}

	it('hold a frame of every type', () => {
		const types = new Set(vectors.server.map(({ frame }) => frame.type));
		assert.deepEqual(types, new Set(Object.keys(SERVER_PARTS)));
		const sent = new Set(vectors.client.flatMap(({ frame }) => frame?.type ?? []));
		assert.deepEqual(
			sent,
			new Set(['hello', 'join', 'leave', 'send', 'cast', 'presence', 'credit']),
		);
	});

	for (const { title, ...message } of vectors.ignored) {
		it(`do not throw in the client: ${title}`, () => {
			assert.ok(Array.isArray(readFrames(content(message))));
		});
	}
});

function content({ text, hex }: Omit<Message, 'title'>): string | Uint8Array<ArrayBuffer> {
	return text ?? new Uint8Array(Buffer.from(hex ?? assert.fail('It has no content.'), 'hex'));
}

/** The server's reading of a frame in the form of the vectors. */
function namedParts(read: ReturnType<typeof readClientFrame>): Record<string, unknown> {
	const named: Record<string, unknown> = { ...read };
	if (read.type === 'join') {
		named.params = Object.fromEntries(read.params);
		delete named.hasPresence;
		assert.equal(read.hasPresence, Object.hasOwn(read, 'presence'));
	}
	if (named.data instanceof Uint8Array) {
		named.bytes = Buffer.from(named.data).toString('hex');
		delete named.data;
	}
	if (named.data === undefined) delete named.data;
	return named;
}

function dataOf(frame: Parts): Data {
	if (frame.bytes !== undefined) return new Uint8Array(Buffer.from(frame.bytes, 'hex'));
	return 'data' in frame ? JSON.stringify(frame.data) : undefined;
}

function clientParts(frame: Parts): readonly unknown[] {
	const { type, ref, id, name, params, count, bytes, ...details } = frame;
	switch (type) {
		case 'hello': {
			const { lines, ...rest } = details;
			return lines === true ? [type, rest, 1] : [type, rest];
		}
		case 'join':
			return [type, ref, name, params, details];
		case 'send':
			return [type, ref, id, name];
		case 'cast':
			return [type, ref, name];
		case 'credit':
			return [type, count];
		default:
			return [type, ref];
	}
}

function serverFrame(frame: Parts): write.Frame {
	const { type, ref, channel, error, position, count, name, from, id } = frame as Parts & {
		readonly ref: number;
		readonly channel: number;
		readonly error: ErrorData;
		readonly position: string;
		readonly count: number;
		readonly name: string;
		readonly from: string | null;
		readonly id: number;
	};
	const data = dataOf(frame);
	switch (type) {
		case 'welcome': {
			const { type: _, ...details } = frame;
			return write.welcomeFrame(details as Parameters<typeof write.welcomeFrame>[0]);
		}
		case 'joined': {
			const { type: _, ref: __, channel: ___, ...details } = frame;
			return write.joinedFrame(ref, channel, details as unknown as write.JoinedDetails);
		}
		case 'refused':
			return write.refusedFrame(ref, error);
		case 'snapshot':
			return write.snapshotFrame(channel, {
				position,
				at: frame.at as number,
				from: from ?? undefined,
				id: (frame.id as string | null) ?? undefined,
				name,
				data,
			});
		case 'event':
			return write.eventFrame(channel, {
				position,
				previous: frame.previous as string,
				at: frame.at as number,
				from: from ?? undefined,
				id: (frame.id as string | null) ?? undefined,
				name,
				data,
			});
		case 'cast':
			return write.castFrame(channel, from ?? undefined, name, data);
		case 'gap':
			return write.gapFrame(channel, frame.reason as write.GapReason, position);
		case 'members':
			return write.membersFrame(channel, frame.members as PresentMember[] | null, count);
		case 'changes': {
			const { joined, changed, left } = frame as Parts & write.PresenceChanges;
			return write.changesFrame(channel, { joined, changed, left }, count);
		}
		case 'reply':
			return write.replyFrame(ref, id, data);
		case 'error':
			return write.errorFrame(ref, id, error);
		case 'left':
			return write.leftFrame(ref, error);
		case 'inbox':
			return write.inboxFrame(data);
		case 'credit':
			return write.creditFrame(count);
		case 'drain':
			return write.drainFrame(frame.milliseconds as number);
		default:
			return assert.fail(`No writer for ${type}.`);
	}
}
