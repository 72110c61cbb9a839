import { connectionLost } from './errors.ts';
import type { StreamedSocket } from './transport.ts';

/** Bytes to read ahead. */
const HIGH_WATER_MARK = 64 * 1024;

/** The size of an empty message: it costs memory as well. */
const MESSAGE_OVERHEAD = 64;

/** A message: text, or binary data. */
export type StreamMessage = string | Uint8Array;

/**
 * The source of `socket.readable`. It applies backpressure: once enough is read ahead, it pauses
 * the connection.
 *
 * The stream takes messages only once it has a reader. Access to the property alone must not count:
 * workerd reads it to print a socket.
 */
export class MessageSource {
	readonly stream: ReadableStream<StreamMessage>;
	readonly #socket: StreamedSocket;
	#controller: ReadableStreamDefaultController<StreamMessage> | undefined;
	#isRead = false;

	constructor(socket: StreamedSocket) {
		this.#socket = socket;
		this.stream = new ReadableStream<StreamMessage>(this, {
			highWaterMark: HIGH_WATER_MARK,
			size(message) {
				return message.length + MESSAGE_OVERHEAD;
			},
		});
		if (socket.isOver) this.end(socket.wasClean === true);
	}

	start(controller: ReadableStreamDefaultController<StreamMessage>): void {
		this.#controller = controller;
	}

	/** Whether the stream has, or once had, a reader. */
	get isRead(): boolean {
		this.#isRead ||= this.stream.locked;
		return this.#isRead;
	}

	pull(): void {
		this.#socket.transport?.resume?.();
		if (this.isRead) this.#socket.release();
	}

	cancel(): void {
		this.#controller = undefined;
		this.pull();
		this.#socket.close();
	}

	push(message: StreamMessage): void {
		const controller = this.#controller;
		controller?.enqueue(message);
		if ((controller?.desiredSize ?? 1) <= 0) this.#socket.transport?.pause?.();
	}

	end(isClean: boolean): void {
		if (isClean) this.#controller?.close();
		else this.#controller?.error(connectionLost());
		this.#controller = undefined;
	}
}
