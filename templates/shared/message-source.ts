import { connectionLost } from './errors.ts';

/** Bytes that are read ahead. */
const HIGH_WATER_MARK = 64 * 1024;

/** What an empty message counts: it costs memory as well. */
const MESSAGE_OVERHEAD = 64;

/** A message: text, or binary data. */
export type StreamMessage = string | Uint8Array;

/** What the stream does to the connection. */
export interface Inflow {
	pause(): void;
	resume(): void;
	/** Nobody wants to read any more. */
	stop(): void;
}

/**
 * `socket.readable`. A reader that is slow slows the client down: while enough is read ahead,
 * nothing is taken from the connection.
 */
export class MessageSource {
	readonly stream: ReadableStream<StreamMessage>;
	readonly #inflow: Inflow;
	#controller: ReadableStreamDefaultController<StreamMessage> | undefined;

	constructor(inflow: Inflow) {
		this.#inflow = inflow;
		this.stream = new ReadableStream<StreamMessage>(
			{
				start: (controller) => {
					this.#controller = controller;
				},
				pull: () => inflow.resume(),
				cancel: () => {
					this.#controller = undefined;
					inflow.stop();
				},
			},
			{
				highWaterMark: HIGH_WATER_MARK,
				size: (message) => message.length + MESSAGE_OVERHEAD,
			},
		);
	}

	push(message: StreamMessage): void {
		const controller = this.#controller;
		controller?.enqueue(message);
		if ((controller?.desiredSize ?? 1) <= 0) this.#inflow.pause();
	}

	end(isClean: boolean): void {
		if (isClean) this.#controller?.close();
		else this.#controller?.error(connectionLost());
		this.#controller = undefined;
	}
}
