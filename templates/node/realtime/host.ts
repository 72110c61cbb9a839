import { randomBytes } from 'node:crypto';
import { isOutage } from '../../realtime/channel/outage.ts';
import type { Host, Link } from '../../realtime/channel/ports.ts';
import type { Frame } from '../../realtime/protocol/server-frames.ts';
import type { BroadcastLink, FrameSocket } from '../../realtime/server/broadcast-link.ts';
import { LONGEST_TIMER } from '../../realtime/server/limits.ts';
import { broadcast } from './broadcast.ts';

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
		const letters: string[] = [];
		while (letters.length < length) {
			const byte = this.#byte();
			if (byte < FAIR_BYTES) letters.push(LETTERS[byte % LETTERS.length] as string);
		}
		// Joined at once: text that grows letter by letter takes three times the memory.
		return letters.join('');
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

	/** A process does not sleep. */
	wakeAfter(milliseconds: number, callback: () => void): () => void {
		return this.alarm(milliseconds, callback);
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
		// The engine reports an outage once, and not each thing that it prevents.
		if (!isOutage(error)) this.#report(message, error);
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
