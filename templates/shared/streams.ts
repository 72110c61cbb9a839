import { MessageSink } from './message-sink.ts';
import { MessageSource, type StreamMessage } from './message-source.ts';
import type { Transport } from './transport.ts';

/** RFC 6455 section 7.4.1. */
const NORMAL_CLOSURE = 1000;
const INTERNAL_ERROR = 1011;

/** What the streams need of their socket. */
export interface StreamedSocket {
	readonly maxBufferedAmount: number;
	/** Closes it, in whatever state it is. */
	close(code: number | undefined): void;
}

/** The streams of one socket, each made when it is first asked for. */
export class Streams {
	readonly #socket: StreamedSocket;
	#transport: Transport | undefined;
	#source: MessageSource | undefined;
	#sink: MessageSink | undefined;
	/** Whether the connection ended cleanly, once it has ended. */
	#end: boolean | undefined;

	constructor(socket: StreamedSocket) {
		this.#socket = socket;
	}

	get readable(): ReadableStream<StreamMessage> {
		if (this.#source === undefined) {
			this.#source = new MessageSource({
				pause: () => this.#transport?.pause(),
				resume: () => this.#transport?.resume(),
				stop: () => {
					this.#transport?.resume();
					this.#socket.close(undefined);
				},
			});
			if (this.#end !== undefined) this.#source.end(this.#end);
		}
		return this.#source.stream;
	}

	get writable(): WritableStream<unknown> {
		if (this.#sink === undefined) {
			this.#sink = new MessageSink({
				maxBufferedAmount: this.#socket.maxBufferedAmount,
				finish: () => this.#socket.close(NORMAL_CLOSURE),
				abort: () => this.#socket.close(INTERNAL_ERROR),
			});
			if (this.#transport !== undefined) this.#sink.open(this.#transport);
			if (this.#end !== undefined) this.#sink.end(this.#end);
		}
		return this.#sink.stream;
	}

	/** Whether messages are read from `readable`. */
	get isReading(): boolean {
		return this.#source !== undefined;
	}

	open(transport: Transport): void {
		this.#transport = transport;
		this.#sink?.open(transport);
	}

	message(message: StreamMessage): void {
		this.#source?.push(message);
	}

	end(isClean: boolean): void {
		if (this.#end !== undefined) return;
		this.#end = isClean;
		this.#source?.end(isClean);
		this.#sink?.end(isClean);
	}
}
