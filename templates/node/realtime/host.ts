import { randomBytes } from 'node:crypto';
import type { Host, Link } from '../../realtime/channel/ports.ts';
import type { Frame } from '../../realtime/protocol/server-frames.ts';
import { broadcast, type FrameSocket } from './broadcast.ts';

/** A connection whose socket may get the bytes of a frame together with others. */
export interface BroadcastLink extends Link {
	/** Counts a frame. Returns the socket to write it to, undefined if the connection does not get it. */
	admit(frame: Frame): FrameSocket | undefined;
	/** Called after the frame was written. */
	written(): void;
}

/** The longest time of a timer in Node: longer ones fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** The bytes from here on would make the first letters more frequent. */
const FAIR_BYTES = 256 - (256 % LETTERS.length);

/** The process as the host of channels. */
export class NodeHost implements Host {
	readonly #report: (message: string, error?: unknown) => void;
	#bytes: Buffer = Buffer.alloc(0);
	#used = 0;

	constructor(report: (message: string, error?: unknown) => void) {
		this.#report = report;
	}

	now(): number {
		return Date.now();
	}

	random(length: number): string {
		let text = '';
		while (text.length < length) {
			const byte = this.#byte();
			if (byte < FAIR_BYTES) text += LETTERS[byte % LETTERS.length];
		}
		return text;
	}

	secret(): string {
		return randomBytes(16).toString('base64url');
	}

	alarm(milliseconds: number, callback: () => void): () => void {
		const end = performance.now() + milliseconds;
		const wait = (left: number): NodeJS.Timeout =>
			setTimeout(
				() => {
					if (left <= LONGEST_TIMER) callback();
					else timer = wait(end - performance.now());
				},
				Math.min(left, LONGEST_TIMER),
			).unref();
		let timer = wait(milliseconds);
		return () => clearTimeout(timer);
	}

	broadcast(links: Iterable<Link>, frame: Frame): void {
		const sockets: FrameSocket[] = [];
		const counted: BroadcastLink[] = [];
		for (const link of links) {
			if (!isBroadcastLink(link)) {
				link.send(frame);
				continue;
			}
			const socket = link.admit(frame);
			if (socket === undefined) continue;
			sockets.push(socket);
			counted.push(link);
		}
		broadcast(sockets, frame.content);
		for (const link of counted) link.written();
	}

	/** A server runs until it is stopped. */
	waitUntil(work: Promise<unknown>): void {
		work.catch((error: unknown) => this.report('A realtime channel failed', error));
	}

	report(message: string, error?: unknown): void {
		this.#report(message, error);
	}

	#byte(): number {
		if (this.#used === this.#bytes.length) {
			this.#bytes = randomBytes(1024);
			this.#used = 0;
		}
		return this.#bytes[this.#used++] ?? 0;
	}
}

function isBroadcastLink(link: Link): link is BroadcastLink {
	return 'admit' in link;
}
