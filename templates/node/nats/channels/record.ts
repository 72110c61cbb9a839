import type { Entry, Retention } from '../../../realtime/channel/ports.ts';
import {
	type Position,
	rootPosition,
	TAG_LENGTH,
	writePosition,
} from '../../../realtime/channel/position.ts';
import { newer } from '../../engine/answers.ts';
import { readBody } from '../../engine/message.ts';
import { FORMAT, MARK_DISTANCE, MAX_MARKS } from '../connection/limits.ts';

/** The newest message of a channel, as far as a process knows. */
export interface Head {
	readonly epoch: string;
	readonly number: number;
	readonly position: Position;
	/** The sequence of its record in the stream, 0 if there is none. */
	readonly sequence: number;
	/** When the server stored its record. */
	readonly time: string;
	/** Earlier records, oldest first: from where a reader may begin. */
	readonly marks: readonly Mark[];
	readonly retention: Retention;
	/** Whether the record has the position alone. */
	readonly isBare: boolean;
}

/** The number of the last message of a record, and the sequence of the record. */
export type Mark = readonly [number: number, sequence: number];

/** A message before it has a position. */
export interface Part {
	readonly body: string | Buffer;
	/** Random. */
	readonly tag: string;
}

const NEWLINE = 0x0a;

/** The first line of a record, as JSON. */
type Header = readonly [
	format: number,
	epoch: string,
	/** The number of the first message. */
	first: number,
	/** The position before it. */
	previous: Position,
	tags: readonly string[],
	/** The bytes of each message. */
	lengths: readonly number[],
	size: number,
	ttl: number,
	marks: readonly Mark[],
];

/** The head of a channel that has no messages. */
export function emptyHead(epoch: string): Head {
	return {
		epoch,
		number: 0,
		position: rootPosition(epoch),
		sequence: 0,
		time: '',
		marks: [],
		retention: { size: 0, ttl: 0 },
		isBare: true,
	};
}

/** A record of messages, one after the other. */
export interface NewRecord {
	readonly bytes: Buffer;
	readonly positions: readonly Position[];
	/** The head, once the record has a place in the stream. */
	readonly headAt: (sequence: number) => Head;
}

/**
 * Writes the record that follows a head. The tag of each message ends with the sequence of the record
 * before: a reader that comes from the message begins there.
 */
export function writeRecord(head: Head, parts: readonly Part[], retention: Retention): NewRecord {
	const { epoch, number, sequence } = head;
	const tags = parts.map(({ tag }) => tag + sequence.toString(36));
	const positions = tags.map((tag, index) => writePosition(epoch, number + 1 + index, tag));
	const bodies = parts.map(({ body }) => (typeof body === 'string' ? Buffer.from(body) : body));
	const marks = nextMarks(head, retention);
	const header: Header = [
		FORMAT,
		epoch,
		number + 1,
		head.position,
		tags,
		bodies.map(({ length }) => length),
		retention.size,
		retention.ttl,
		marks,
	];
	return {
		bytes: Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...bodies]),
		positions,
		headAt: (sequence) => ({
			epoch,
			number: number + parts.length,
			position: positions.at(-1) ?? head.position,
			sequence,
			time: '',
			marks,
			retention,
			isBare: parts.length === 0,
		}),
	};
}

/** Writes a record that keeps the position of a head alone. */
export function writeBare(head: Head): Buffer {
	return writeRecord(head, [], head.retention).bytes;
}

/** A record that was read. */
export interface ReadRecord {
	readonly head: Head;
	/** Reads the messages after a number. */
	entries(after: number): readonly Entry[];
}

/** @throws RealtimeError for a record of a newer version, Error for one of somebody else. */
export function readRecord(record: {
	readonly data: Buffer;
	readonly sequence: number;
	readonly time: string;
}): ReadRecord {
	const { data, sequence, time } = record;
	const end = data.indexOf(NEWLINE);
	const header: Header = JSON.parse(data.toString('utf8', 0, Math.max(end, 0)));
	const [format, epoch, first, before, tags, lengths, size, ttl, marks] = header;
	if (format > FORMAT) throw newer();
	const positions = tags.map((tag, index) => writePosition(epoch, first + index, tag));
	return {
		head: {
			epoch,
			number: first + tags.length - 1,
			position: positions.at(-1) ?? before,
			sequence,
			time,
			marks,
			retention: { size, ttl },
			isBare: tags.length === 0,
		},
		entries(after) {
			const entries: Entry[] = [];
			let start = end + 1;
			for (const [index, position] of positions.entries()) {
				const stop = start + (lengths[index] ?? 0);
				if (first + index > after) {
					const previous = positions[index - 1] ?? before;
					entries.push({ position, previous, ...readBody(data.subarray(start, stop)) });
				}
				start = stop;
			}
			return entries;
		},
	};
}

/** The sequence from which a reader finds what follows a position. */
export function sequenceAfter(position: Position): number {
	const tag = position.slice(position.lastIndexOf('.') + 1);
	const before = Number.parseInt(tag.slice(TAG_LENGTH), 36);
	return Number.isSafeInteger(before) ? before + 1 : 1;
}

/** The sequence from which a reader finds everything after a number. */
export function sequenceFor(number: number, marks: readonly Mark[]): number {
	const mark = marks.findLast(([marked]) => marked <= number);
	return mark === undefined ? 1 : mark[1] + 1;
}

/** Points back to earlier records: near ones densely, far ones sparsely. */
function nextMarks(head: Head, { size }: Retention): readonly Mark[] {
	const { number, sequence, marks } = head;
	if (sequence === 0) return [];
	const [newest = 0] = marks.at(-1) ?? [];
	if (marks.length > 0 && number - newest < MARK_DISTANCE) return marks;
	const kept: Mark[] = [];
	for (const mark of [...marks, [number, sequence] as const]) {
		// Beyond the history one mark is enough.
		if (mark[0] <= number - size) kept.length = 0;
		kept.push(mark);
	}
	if (kept.length <= MAX_MARKS) return kept;
	// The pair whose first one leaves the smallest hole, for its age.
	let worst = 1;
	let smallest = Number.POSITIVE_INFINITY;
	for (let index = 1; index < kept.length - 1; index++) {
		const [before = 0, after = 0] = [kept[index - 1]?.[0], kept[index + 1]?.[0]];
		const hole = (after - before) / (number - before + MARK_DISTANCE);
		if (hole < smallest) [smallest, worst] = [hole, index];
	}
	kept.splice(worst, 1);
	return kept;
}
