import { type BinaryFrame, readBinaryFrame } from './binary-frame.ts';
import { LINES } from './constants.ts';

/** The data of a client's message: a JSON value, or bytes. Undefined if it carries nothing. */
export type ClientData = unknown;

export type ClientFrame =
	| {
			readonly type: 'hello';
			readonly session?: string;
			readonly version?: string;
			/** Whether the client takes several frames in one message. */
			readonly lines?: true;
	  }
	| {
			readonly type: 'join';
			readonly ref: number;
			/** The names of the folders and of the file, without parameters: `teams/rooms`. */
			readonly name: string;
			readonly params: ReadonlyMap<string, string>;
			readonly since?: string;
			readonly last?: number;
			/** Whether `presence` was given. Its value may be any JSON. */
			readonly hasPresence: boolean;
			readonly presence?: unknown;
	  }
	| { readonly type: 'leave'; readonly ref: number }
	| {
			readonly type: 'send';
			readonly ref: number;
			readonly id: number;
			readonly name: string;
			readonly data: ClientData;
	  }
	| {
			readonly type: 'cast';
			readonly ref: number;
			readonly name: string;
			readonly data: ClientData;
	  }
	| { readonly type: 'presence'; readonly ref: number; readonly data: unknown }
	| { readonly type: 'credit'; readonly count: number };

/** A frame that the protocol does not allow. Its message is the reason for the close with 4500. */
export class FrameError extends Error {}

/** The maximum length of a position. */
const MAX_POSITION_LENGTH = 64;
const POSITION = /^[\w.-]+$/;
/** Stands for what is no position. No channel has it. */
const UNKNOWN_POSITION = '-';
/** 128 bits as base64url. */
const SESSION = /^[\w-]{22}$/;
const MAX_VERSION_LENGTH = 64;

// A byte order mark is no JSON, so it must not vanish.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a frame of a client, of any size and depth.
 *
 * @throws FrameError if it is malformed.
 */
export function readClientFrame(message: string | Uint8Array<ArrayBuffer>): ClientFrame {
	if (typeof message === 'string') return read(message, undefined);
	let frame: BinaryFrame;
	try {
		frame = readBinaryFrame(message, decoder);
		if (frame.end > message.length) throw new RangeError('The frame is cut off.');
	} catch {
		throw new FrameError('The header of a binary frame is malformed.');
	}
	return read(frame.header, frame.data);
}

function read(text: string, bytes: Uint8Array | undefined): ClientFrame {
	let frame: unknown;
	try {
		frame = JSON.parse(text);
	} catch {
		throw new FrameError('A frame is not JSON.');
	}
	if (!Array.isArray(frame)) throw new FrameError('A frame is not an array.');
	const parts: readonly unknown[] = bytes === undefined ? frame : [...frame, bytes];
	const type = parts[0];
	if (bytes !== undefined && type !== 'send' && type !== 'cast') {
		throw new FrameError('Only `send` and `cast` carry bytes.');
	}
	// Bytes behind further elements of the header would not stand in the place of the data.
	if (bytes !== undefined && frame.length > (type === 'send' ? 4 : 3)) {
		throw malformed(String(type));
	}
	switch (type) {
		case 'hello':
			return hello(parts);
		case 'join':
			return join(parts);
		case 'leave':
			return { type, ref: counted(parts, 1) };
		case 'send':
			return {
				type,
				ref: counted(parts, 1),
				id: counted(parts, 2),
				name: textOf(parts, 3),
				data: parts[4],
			};
		case 'cast':
			return { type, ref: counted(parts, 1), name: textOf(parts, 2), data: parts[3] };
		case 'presence':
			if (parts.length < 3) throw malformed(type);
			return { type, ref: counted(parts, 1), data: parts[2] };
		case 'credit':
			return { type, count: counted(parts, 1) };
		default:
			throw new FrameError('The type of a frame is unknown.');
	}
}

function hello(parts: readonly unknown[]): ClientFrame {
	const { session, version } = details(parts, 1);
	if (session !== undefined && !(typeof session === 'string' && SESSION.test(session))) {
		throw malformed('hello');
	}
	if (
		version !== undefined &&
		!(typeof version === 'string' && version.length <= MAX_VERSION_LENGTH)
	) {
		throw malformed('hello');
	}
	return {
		type: 'hello',
		...(session !== undefined && { session }),
		...(version !== undefined && { version }),
		...(parts[2] === LINES && { lines: true }),
	};
}

function join(parts: readonly unknown[]): ClientFrame {
	const params = Object.entries(details(parts, 3));
	if (!params.every(isTextParam)) throw malformed('join');
	const options = details(parts, 4);
	const { since, last } = options;
	if (since !== undefined && typeof since !== 'string') throw malformed('join');
	if (last !== undefined && !isCount(last, 0)) throw malformed('join');
	const hasPresence = Object.hasOwn(options, 'presence');
	return {
		type: 'join',
		ref: counted(parts, 1),
		name: textOf(parts, 2),
		params: new Map(params),
		...(since !== undefined && { since: isPosition(since) ? since : UNKNOWN_POSITION }),
		...(last !== undefined && { last }),
		hasPresence,
		...(hasPresence && { presence: options.presence }),
	};
}

/** An object in a frame, empty if it is left out. */
function details(parts: readonly unknown[], index: number): Record<string, unknown> {
	const value = parts[index] ?? {};
	if (typeof value !== 'object' || Array.isArray(value)) throw malformed(String(parts[0]));
	return value as Record<string, unknown>;
}

function counted(parts: readonly unknown[], index: number): number {
	const value = parts[index];
	if (!isCount(value, 1)) throw malformed(String(parts[0]));
	return value;
}

function textOf(parts: readonly unknown[], index: number): string {
	const value = parts[index];
	if (typeof value !== 'string') throw malformed(String(parts[0]));
	return value;
}

function isTextParam(param: [string, unknown]): param is [string, string] {
	return typeof param[1] === 'string';
}

function isCount(value: unknown, lowest: number): value is number {
	return Number.isSafeInteger(value) && (value as number) >= lowest;
}

function isPosition(value: string): boolean {
	return value.length <= MAX_POSITION_LENGTH && POSITION.test(value);
}

function malformed(type: string): FrameError {
	return new FrameError(`A frame \`${type}\` is malformed.`);
}
