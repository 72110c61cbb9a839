import { connectionLost } from './errors.ts';
import type { StreamedSocket } from './streams.ts';

/** Bytes that are read ahead. */
const HIGH_WATER_MARK = 64 * 1024;

/** What an empty message counts: it costs memory as well. */
const MESSAGE_OVERHEAD = 64;

/** A message: text, or binary data. */
export type StreamMessage = string | Uint8Array;

/**
 * `socket.readable`. A reader that is slow slows the client down: while enough is read ahead,
 * nothing is taken from the connection.
 */
export class MessageSource {
	readonly stream: ReadableStream<StreamMessage>;
	readonly #socket: StreamedSocket;
	#controller: ReadableStreamDefaultController<StreamMessage> | undefined;

	constructor(socket: StreamedSocket) {
		this.#socket = socket;
		this.stream = new ReadableStream<StreamMessage>(
			{
				start: (controller) => {
					this.#controller = controller;
				},
				pull: () => socket.transport?.resume(),
				cancel: () => {
					this.#controller = undefined;
					socket.transport?.resume();
					socket.close();
				},
			},
			{
				highWaterMark: HIGH_WATER_MARK,
				size: (message) => message.length + MESSAGE_OVERHEAD,
			},
		);
		if (socket.wasClean !== undefined) this.end(socket.wasClean);
	}

	push(message: StreamMessage): void {
		const controller = this.#controller;
		controller?.enqueue(message);
		if ((controller?.desiredSize ?? 1) <= 0) this.#socket.transport?.pause();
	}

	end(isClean: boolean): void {
		if (isClean) this.#controller?.close();
		else this.#controller?.error(connectionLost());
		this.#controller = undefined;
	}
}
