import { LINE_END, SLOW_CONSUMER } from '../protocol/constants.ts';
import { creditFrame, type Frame } from '../protocol/server-frames.ts';
import type { BroadcastLink, FrameSocket } from './broadcast-link.ts';
import { Connection, type ConnectionSocket } from './connection.ts';
import { Credits } from './credits.ts';
import { MAX_HELD_LENGTH } from './limits.ts';
import type { MuxRecord } from './record.ts';

export type MuxSocket = ConnectionSocket<MuxRecord>;

/** What a connection with the protocol sends: frames within its credits, some of them together. */
export abstract class CreditedLink
	extends Connection<MuxRecord, MuxSocket>
	implements BroadcastLink
{
	protected credits: Credits = new Credits();
	/** Whether the client takes several frames in one message. */
	protected takesLines = false;
	/** Frames that go out together. Undefined while they go out one by one. */
	#held: string[] | undefined;
	#heldLength = 0;
	#untilReady: (() => void)[] = [];

	send(frame: Frame): void {
		if (!this.#count(frame)) return;
		this.#write(frame.content);
		this.written();
	}

	admit(frame: Frame): FrameSocket | undefined {
		// It is written at once.
		this.release();
		return this.#count(frame) ? this.socket : undefined;
	}

	written(): void {
		const count = this.credits.takeDue();
		if (count !== undefined && !this.hasEnded) this.#write(creditFrame(count).content);
		if (this.socket.keep !== undefined && this.credits.isUnkept) this.changed();
	}

	hold(): void {
		if (this.takesLines) this.#held ??= [];
	}

	release(): void {
		const held = this.#held;
		this.#held = undefined;
		this.#heldLength = 0;
		if (held !== undefined && held.length > 0) this.socket.send(held.join(LINE_END));
	}

	ready(): Promise<void> | undefined {
		if (this.credits.isReady || this.hasEnded) return undefined;
		return new Promise((resolve) => this.#untilReady.push(resolve));
	}

	/** Makes the client send something, as a sign of life. */
	ask(): void {
		this.socket.send(creditFrame(this.credits.ask()).content);
	}

	/** The client repeats a count. */
	protected acknowledge(count: number): void {
		if (!this.credits.acknowledge(count)) return;
		this.changed();
		if (this.credits.isReady) this.goOn();
	}

	/** Those that wait for the client go on. */
	protected goOn(): void {
		const waiting = this.#untilReady;
		this.#untilReady = [];
		for (const resolve of waiting) resolve();
	}

	/** Counts a frame. Returns whether the connection gets it. */
	#count(frame: Frame): boolean {
		if (this.hasEnded || (frame.isEphemeral && this.credits.isSlow)) return false;
		if (this.credits.isExhausted) {
			this.close(SLOW_CONSUMER, 'More than 1 MiB is unacknowledged.');
			return false;
		}
		this.credits.add(frame.size);
		return true;
	}

	#write(content: Frame['content']): void {
		if (this.#held === undefined) this.socket.send(content);
		else if (typeof content === 'string') {
			this.#held.push(content);
			this.#heldLength += content.length;
			if (this.#heldLength < MAX_HELD_LENGTH) return;
			this.release();
			this.hold();
		} else {
			this.release();
			this.socket.send(content);
			this.hold();
		}
	}
}
