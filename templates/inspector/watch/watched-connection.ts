import { ENDPOINT, LINE_END, PROTOCOL } from '../../realtime/protocol/constants.ts';
import { ABNORMAL_CLOSURE, NO_STATUS } from '../../socket/close-codes.ts';
import type { ConnectionInfo } from '../report/events.ts';
import { hideInPath } from '../report/secrets.ts';
import { ChannelFrames } from './channel-frames.ts';
import type { ChannelTable } from './channel-table.ts';
import { closeOf, type Described, describe } from './content.ts';
import { BINARY, CLOSE, type ScannedMessage, TEXT } from './frame-scanner.ts';
import type { Receiver, Tap } from './tap.ts';

/** An accepted connection, until and after its end. */
export class WatchedConnection {
	readonly number: number;
	readonly tap: Tap;
	/** Undefined for a client that does not speak the protocol of channels. */
	readonly frames: ChannelFrames | undefined;
	readonly #path: string;
	readonly #protocol: string;
	readonly #channels: ChannelTable;
	/** The channel of a plain client. */
	readonly #plainChannel: string | undefined;
	readonly #openedAt: number = Date.now();
	readonly #traffic = {
		client: { messages: 0, bytes: 0 },
		server: { messages: 0, bytes: 0 },
	};
	#closedAt: number | undefined;
	/** The code of the first close frame. */
	#code: number | undefined;

	constructor(
		number: number,
		tap: Tap,
		channels: ChannelTable,
		{ path, protocol }: { readonly path: string; readonly protocol: string },
	) {
		this.number = number;
		this.tap = tap;
		this.#path = path;
		this.#protocol = protocol;
		this.#channels = channels;
		if (protocol === PROTOCOL) this.frames = new ChannelFrames(number, channels);
		else this.#plainChannel = plainChannel(path);
		if (this.#plainChannel !== undefined) channels.get(this.#plainChannel).members.add(number);
	}

	get isOpen(): boolean {
		return this.#closedAt === undefined;
	}

	/** The frames of a message: one of the protocol of channels may hold several. */
	split(message: ScannedMessage): readonly ScannedMessage[] {
		const { opcode, content, isWhole } = message;
		if (this.frames === undefined || opcode !== TEXT || !isWhole) return [message];
		const lines = content
			.toString()
			.split(LINE_END)
			.map((line) => Buffer.from(line));
		return lines.length === 1
			? [message]
			: lines.map((line) => ({ ...message, content: line, size: line.length }));
	}

	/** Counts a message, and tells what it says. */
	message(to: Receiver, message: ScannedMessage): Described {
		const { opcode, content, size } = message;
		const traffic = this.#traffic[to];
		traffic.bytes += size;
		const isMessage = opcode === TEXT || opcode === BINARY;
		if (isMessage) traffic.messages++;
		if (opcode === CLOSE) this.#code ??= closeOf(content).code ?? NO_STATUS;
		const described = this.frames?.describe(to, message) ?? describe(message);
		const channel = this.#plainChannel;
		if (channel === undefined || !isMessage) return described;
		this.#channels.get(channel)[to === 'server' ? 'toServer' : 'toClient']++;
		return { ...described, channel };
	}

	/** @returns The close code. */
	closed(): number {
		this.#closedAt = Date.now();
		this.frames?.closed();
		if (this.#plainChannel !== undefined) this.#channels.leave(this.#plainChannel, this.number);
		this.#code ??= ABNORMAL_CLOSURE;
		return this.#code;
	}

	get info(): ConnectionInfo {
		const plain = this.#plainChannel;
		return {
			number: this.number,
			path: this.#path,
			protocol: this.#protocol,
			openedAt: this.#openedAt,
			...(this.#closedAt !== undefined && { closedAt: this.#closedAt }),
			...(this.#closedAt !== undefined && this.#code !== undefined && { code: this.#code }),
			toServer: { ...this.#traffic.server },
			toClient: { ...this.#traffic.client },
			isRealtime: this.frames !== undefined,
			channels: this.frames?.joined ?? (plain === undefined || !this.isOpen ? [] : [plain]),
		};
	}
}

/** The channel at the path of a client without the protocol of channels. */
function plainChannel(path: string): string | undefined {
	const [place = ''] = path.split('?');
	const at = place.indexOf(`${ENDPOINT}/`);
	const name = at === -1 ? '' : place.slice(at + ENDPOINT.length + 1).replace(/\/$/, '');
	return name === '' ? undefined : hideInPath(name);
}
