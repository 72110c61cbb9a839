import { MessageSink } from './message-sink.ts';
import { MessageSource, type StreamMessage } from './message-source.ts';
import type { Transport } from './transport.ts';

/** What the streams know of their socket. */
export interface StreamedSocket {
	/** Set once the handshake is complete. */
	transport: Transport | undefined;
	/** Set once the connection has ended. */
	wasClean: boolean | undefined;
	/** Closes it, in whatever state it is. */
	close(code?: number): void;
}

/** The streams of one socket, each made when it is first asked for. */
export class Streams {
	readonly #socket: StreamedSocket;
	#source: MessageSource | undefined;
	#sink: MessageSink | undefined;

	constructor(socket: StreamedSocket) {
		this.#socket = socket;
	}

	get readable(): ReadableStream<StreamMessage> {
		this.#source ??= new MessageSource(this.#socket);
		return this.#source.stream;
	}

	get writable(): WritableStream<unknown> {
		this.#sink ??= new MessageSink(this.#socket);
		return this.#sink.stream;
	}

	/** Whether messages are read from `readable`. */
	get isReading(): boolean {
		return this.#source !== undefined;
	}

	open(transport: Transport): void {
		this.#socket.transport = transport;
		this.#sink?.opened(transport);
	}

	message(message: StreamMessage): void {
		this.#source?.push(message);
	}

	end(isClean: boolean): void {
		if (this.#socket.wasClean !== undefined) return;
		this.#socket.wasClean = isClean;
		this.#source?.end(isClean);
		this.#sink?.end(isClean);
	}
}
