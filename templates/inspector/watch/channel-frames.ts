import { readBinaryFrame } from '../../realtime/protocol/binary-frame.ts';
import type { ServerParts } from '../../realtime/protocol/frame-parts.ts';
import { previewOf } from '../report/preview.ts';
import { HIDDEN } from '../report/secrets.ts';
import type { ChannelTable } from './channel-table.ts';
import type { Described } from './content.ts';
import { BINARY, type ScannedMessage, TEXT } from './frame-scanner.ts';
import type { Receiver } from './tap.ts';

/** Ids of messages that are sent by hand begin here. No client sends as many. */
const FIRST_ID = 2 ** 52;

/** Unanswered messages that are remembered. */
const MAX_SENT = 200;

/** The parts of frames of some types. */
type PartsOf<Type extends string> = Extract<ServerParts, { readonly 0: Type }>;

interface Join {
	readonly ref: number;
	readonly channel: string;
	/** The number of the channel in frames, once the client has joined it. */
	number?: number;
}

interface Sent {
	readonly name: string;
	readonly at: number;
}

/**
 * Reads the frames of `zastro-realtime.v1` on one connection: which channels it has joined, and what
 * each frame says. A frame that it cannot read is shown as it is.
 */
export class ChannelFrames {
	readonly #connection: number;
	readonly #channels: ChannelTable;
	readonly #joins: Map<number, Join> = new Map();
	/** By the ref of the join and the id of the message. */
	readonly #sent: Map<string, Sent> = new Map();
	#nextId = FIRST_ID;

	constructor(connection: number, channels: ChannelTable) {
		this.#connection = connection;
		this.#channels = channels;
	}

	/** The names of the channels that the connection is a member of. */
	get joined(): string[] {
		return [...this.#joins.values()].flatMap(({ channel, number }) =>
			number === undefined ? [] : [channel],
		);
	}

	/** @returns Undefined for a message that is no frame. */
	describe(to: Receiver, { opcode, content, isWhole }: ScannedMessage): Described | undefined {
		if (!isWhole || (opcode !== TEXT && opcode !== BINARY)) return undefined;
		const text = opcode === TEXT ? content.toString() : '';
		if (text === 'ping' || text === 'pong') return { kind: 'control', label: text, text: '' };
		try {
			const parts = opcode === TEXT ? JSON.parse(text) : partsOfBinary(content);
			if (!Array.isArray(parts)) return undefined;
			return to === 'server' ? this.#fromClient(parts) : this.#fromServer(parts as unknown[]);
		} catch {
			// It is shown all the same, as text or as bytes.
			return undefined;
		}
	}

	/**
	 * The frame of a message that is sent by hand.
	 *
	 * @throws Error if the connection has not joined the channel, or the data is not JSON.
	 */
	say(channel: string, name: string, data: string): string {
		const join = [...this.#joins.values()].find(
			(each) => each.channel === channel && each.number !== undefined,
		);
		if (join === undefined) throw new Error(`The connection is no member of ${channel}.`);
		const frame: unknown[] = ['send', join.ref, this.#nextId++, name];
		if (data.trim() !== '') frame.push(JSON.parse(data));
		return JSON.stringify(frame);
	}

	/** The connection has ended. */
	closed(): void {
		for (const { channel } of this.#joins.values()) {
			this.#channels.leave(channel, this.#connection);
		}
		this.#joins.clear();
	}

	#fromClient(parts: readonly unknown[]): Described {
		const [type, ref, third, fourth, fifth] = parts;
		switch (type) {
			case 'hello':
				return control('hello', withoutSession(ref));
			case 'join': {
				const channel = channelName(String(third), fourth);
				this.#joins.set(Number(ref), { ref: Number(ref), channel });
				return { ...control('join', fifth ?? {}), channel };
			}
			case 'send': {
				const name = String(fourth);
				this.#remember(`${ref} ${third}`, { name, at: performance.now() });
				return this.#toServer(ref, name, fifth);
			}
			case 'cast':
				return this.#toServer(ref, String(third), fourth);
			case 'leave':
				return { ...control('leave', undefined), channel: this.#channelOf(ref) };
			case 'presence':
				return { ...control('presence', third), channel: this.#channelOf(ref) };
			default:
				return control(String(type), parts.slice(1));
		}
	}

	#fromServer(frame: readonly unknown[]): Described {
		const parts = frame as ServerParts;
		switch (parts[0]) {
			case 'welcome':
				return control('welcome', withoutSession(parts[1]));
			case 'joined':
				return this.#joined(parts[1], parts[2], parts[3]);
			case 'refused':
				return this.#ended(parts[1], 'refused', parts[2]);
			case 'left':
				return this.#ended(parts[1], 'left', parts[2]);
			case 'event':
				return this.#toClient(parts[1], parts[7], parts[8]);
			case 'snapshot':
				return this.#toClient(parts[1], parts[6], parts[7]);
			case 'cast':
				return this.#toClient(parts[1], parts[3], parts[4]);
			case 'reply':
			case 'error':
				return this.#answer(parts);
			case 'gap': {
				const described = { ...control('gap', parts[2]), channel: this.#named(parts[1]) };
				return { ...described, isBad: true, hint: GAP };
			}
			case 'members':
			case 'changes':
				return this.#presence(parts);
			case 'inbox':
				return { kind: 'message', label: 'inbox', text: textOf(parts[1]) };
			default:
				return control(String(frame[0]), frame.slice(1));
		}
	}

	#joined(ref: number, number: number, details: unknown): Described {
		const join = this.#joins.get(ref);
		if (join !== undefined) {
			join.number = number;
			this.#channels.get(join.channel).members.add(this.#connection);
		}
		return { ...control('joined', details), channel: join?.channel };
	}

	#ended(ref: number, label: 'refused' | 'left', error: unknown): Described {
		const channel = this.#channelOf(ref);
		this.#joins.delete(ref);
		if (channel !== undefined) this.#channels.leave(channel, this.#connection);
		const described = { ...control(label, error ?? undefined), channel };
		if (label === 'left') return { ...described, isBad: error !== null };
		return { ...described, kind: 'handshake', isBad: true, hint: REFUSED };
	}

	#answer(parts: PartsOf<'reply' | 'error'>): Described {
		const [type, ref, id, data] = parts;
		const sent = this.#sent.get(`${ref} ${id}`);
		this.#sent.delete(`${ref} ${id}`);
		return {
			kind: 'message',
			label: sent === undefined ? type : `${type}: ${sent.name}`,
			text: textOf(data),
			channel: this.#channelOf(ref),
			duration: sent && performance.now() - sent.at,
			isBad: type === 'error',
		};
	}

	#presence(parts: PartsOf<'members' | 'changes'>): Described {
		const channel = this.#named(parts[1]);
		if (channel !== undefined) {
			const entry = this.#channels.get(channel);
			if (parts[0] === 'members') entry.setPresent(parts[2], parts[3]);
			else entry.changePresent(parts[2], parts[3]);
		}
		return { ...control(parts[0], parts[2]), channel };
	}

	#toServer(ref: unknown, name: string, data: unknown): Described {
		const channel = this.#channelOf(ref);
		if (channel !== undefined) this.#channels.get(channel).toServer++;
		return { kind: 'message', label: name, text: textOf(data), channel };
	}

	#toClient(number: number, name: string, data: unknown): Described {
		const channel = this.#named(number);
		if (channel !== undefined) this.#channels.get(channel).toClient++;
		return { kind: 'message', label: name, text: textOf(data), channel };
	}

	#channelOf(ref: unknown): string | undefined {
		return this.#joins.get(Number(ref))?.channel;
	}

	/** The last join with this number: a channel keeps its number when it is joined again. */
	#named(number: number): string | undefined {
		return [...this.#joins.values()].findLast((join) => join.number === number)?.channel;
	}

	#remember(key: string, sent: Sent): void {
		this.#sent.set(key, sent);
		const [oldest] = this.#sent.keys();
		if (this.#sent.size > MAX_SENT && oldest !== undefined) this.#sent.delete(oldest);
	}
}

const GAP =
	'The client missed messages that the channel no longer has. Keep more of them with `history`.';
const REFUSED =
	'`authorize` of the channel did not return true, or no file in `src/realtime` has this name and these parameters.';

/** The name of a channel for people. */
export function channelName(name: string, params: unknown): string {
	const shown = Object.entries(params ?? {}).map(([key, value]) => `${key}: ${value}`);
	return shown.length === 0 ? name : `${name} (${shown.join(', ')})`;
}

function partsOfBinary(content: Buffer): unknown {
	const { header, data } = readBinaryFrame(new Uint8Array(content));
	const parts: unknown = JSON.parse(header);
	return Array.isArray(parts) ? [...parts, data] : parts;
}

function control(label: string, details: unknown): Described {
	return { kind: 'control', label, text: textOf(details) };
}

function textOf(value: unknown): string {
	return value === undefined ? '' : previewOf(value);
}

/** The secret of a session lets anyone continue it. */
function withoutSession(details: unknown): unknown {
	if (typeof details !== 'object' || details === null) return details;
	return 'session' in details ? { ...details, session: HIDDEN } : details;
}
