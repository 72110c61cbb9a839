import { INTERNAL_ERROR, NORMAL_CLOSURE } from './close-codes.ts';
import { connectionClosed, connectionLost } from './errors.ts';
import { payloadSize, toPayload } from './payload.ts';
import { OPEN } from './ready-state.ts';
import type { StreamedSocket } from './streams.ts';

/** Bytes that may wait to go out before a writer has to wait. */
const HIGH_WATER_MARK = 64 * 1024;

/** Messages that may wait in the stream itself. */
const QUEUED_MESSAGES = 16;

/** The Streams Standard has it, `@types/node` has not. */
interface AbortableController extends WritableStreamDefaultController {
	readonly signal: AbortSignal;
}

/**
 * `socket.writable`. A writer waits until the client has read what was written before, so that the
 * limit of what may wait to go out is only met by a single message that is larger.
 */
export class MessageSink {
	readonly stream: WritableStream<unknown>;
	readonly #socket: StreamedSocket;
	#controller: WritableStreamDefaultController | undefined;
	/** Messages that have not left the process. */
	#pending = 0;
	#error: Error | undefined;
	/** Goes on with whoever waits for the connection, for room in it, or for its end. */
	#wake: (() => void) | undefined;

	constructor(socket: StreamedSocket) {
		this.#socket = socket;
		this.stream = new WritableStream<unknown>(
			{
				start: (controller) => {
					this.#controller = controller;
					const { signal } = controller as AbortableController;
					signal.addEventListener('abort', () => this.#fail(connectionClosed()));
				},
				write: (message) => this.#write(message),
				close: async () => {
					socket.close(NORMAL_CLOSURE);
					// The client answers it, behind all messages: then they have arrived.
					while (socket.wasClean === undefined) await this.#change();
					if (!socket.wasClean) throw connectionLost();
				},
				abort: () => socket.close(INTERNAL_ERROR),
			},
			new CountQueuingStrategy({ highWaterMark: QUEUED_MESSAGES }),
		);
		if (socket.wasClean !== undefined) this.end(socket.wasClean);
	}

	opened(): void {
		this.#wake?.();
	}

	end(isClean: boolean): void {
		this.#fail(isClean ? connectionClosed() : connectionLost());
		// Later, so that what is piped from `readable` can end without an error first.
		if (isClean) setTimeout(() => this.#controller?.error(this.#error));
		else this.#controller?.error(this.#error);
	}

	async #write(message: unknown): Promise<void> {
		const payload = toPayload(message);
		const bytes = payloadSize(payload);
		while (this.#error === undefined && !this.#hasRoomFor(bytes)) await this.#change();
		if (this.#error !== undefined) throw this.#error;
		const { transport } = this.#socket;
		if (transport?.readyState !== OPEN) throw connectionClosed();
		this.#pending += 1;
		transport.send(payload, (error) => {
			this.#pending -= 1;
			if (error) this.#fail(error);
			else this.#wake?.();
		});
		// Where a limit has refused it.
		if (this.#error !== undefined) throw this.#error;
	}

	#hasRoomFor(bytes: number): boolean {
		const { transport, maxBufferedAmount } = this.#socket;
		if (transport === undefined) return false;
		const limit = Math.min(HIGH_WATER_MARK, maxBufferedAmount);
		return this.#pending === 0 || transport.bufferedAmount + bytes <= limit;
	}

	#fail(error: Error): void {
		this.#error ??= error;
		this.#wake?.();
	}

	#change(): Promise<void> {
		return new Promise((resolve) => {
			this.#wake = resolve;
		});
	}
}
