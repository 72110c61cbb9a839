import { connectionClosed, connectionLost } from './errors.ts';
import { payloadSize, toPayload } from './payload.ts';
import type { Transport } from './transport.ts';

/** Bytes that may wait to go out before a writer has to wait. */
const HIGH_WATER_MARK = 64 * 1024;

/** Messages that may wait in the stream itself. */
const QUEUED_MESSAGES = 16;

/** What the stream does to the socket. */
export interface Outflow {
	/** Bytes that may wait to go out before a limit takes over. */
	readonly maxBufferedAmount: number;
	/** Everything was written. */
	finish(): void;
	/** What was to be written failed half-way. */
	abort(): void;
}

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
	readonly #limit: number;
	#controller: WritableStreamDefaultController | undefined;
	#transport: Transport | undefined;
	/** Messages that have not left the process. */
	#pending = 0;
	#error: Error | undefined;
	/** Set once the connection has ended. */
	#wasClean: boolean | undefined;
	/** Goes on with whoever waits for the connection, for room in it, or for its end. */
	#wake: (() => void) | undefined;

	constructor(outflow: Outflow) {
		this.#limit = Math.min(HIGH_WATER_MARK, outflow.maxBufferedAmount);
		this.stream = new WritableStream<unknown>(
			{
				start: (controller) => {
					this.#controller = controller;
					const { signal } = controller as AbortableController;
					signal.addEventListener('abort', () => this.#fail(connectionClosed()));
				},
				write: (message) => this.#write(message),
				close: async () => {
					outflow.finish();
					// The client answers it, behind all messages: then they have arrived.
					while (this.#wasClean === undefined) await this.#change();
					if (!this.#wasClean) throw connectionLost();
				},
				abort: () => outflow.abort(),
			},
			new CountQueuingStrategy({ highWaterMark: QUEUED_MESSAGES }),
		);
	}

	open(transport: Transport): void {
		this.#transport = transport;
		this.#wake?.();
	}

	end(isClean: boolean): void {
		this.#wasClean = isClean;
		this.#fail(isClean ? connectionClosed() : connectionLost());
		// Later, so that what is piped from `readable` can end without an error first.
		if (isClean) setTimeout(() => this.#controller?.error(this.#error));
		else this.#controller?.error(this.#error);
	}

	async #write(message: unknown): Promise<void> {
		const payload = toPayload(message);
		const bytes = payloadSize(payload);
		while (this.#error === undefined && !this.#hasRoomFor(bytes)) await this.#change();
		const transport = this.#transport;
		if (this.#error === undefined && transport?.readyState !== 1) throw connectionClosed();
		if (this.#error !== undefined) throw this.#error;
		this.#pending += 1;
		transport?.send(payload, (error) => {
			this.#pending -= 1;
			if (error) this.#fail(error);
			else this.#wake?.();
		});
		// Where a limit has refused it.
		if (this.#error !== undefined) throw this.#error;
	}

	#hasRoomFor(bytes: number): boolean {
		if (this.#transport === undefined) return false;
		return this.#pending === 0 || this.#transport.bufferedAmount + bytes <= this.#limit;
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
