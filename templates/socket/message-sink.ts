import { INTERNAL_ERROR, NORMAL_CLOSURE } from './close-codes.ts';
import { connectionClosed, connectionLost } from './errors.ts';
import { toPayload } from './payload.ts';
import { OPEN } from './ready-state.ts';
import type { StreamedSocket, Transport } from './transport.ts';

/** Messages that may wait in the stream. */
const QUEUED_MESSAGES = 16;

/** Part of the Streams Standard, but missing from `@types/node`. */
interface AbortableController extends WritableStreamDefaultController {
	readonly signal: AbortSignal;
}

/**
 * The sink of `socket.writable`. A message waits until the one before it has left the process. Only
 * a single message larger than the limit of the send buffer can therefore reach that limit.
 */
export class MessageSink {
	readonly stream: WritableStream<unknown>;
	readonly #socket: StreamedSocket;
	#controller: AbortableController | undefined;
	/** Continues the write that waits for the connection. */
	#onOpen: ((transport: Transport) => void) | undefined;
	/** Settles the pending write or close if the connection ends, or the stream is aborted. */
	#onEnd: ((error: Error, isClean?: boolean) => void) | undefined;

	constructor(socket: StreamedSocket) {
		this.#socket = socket;
		this.stream = new WritableStream<unknown>(this, { highWaterMark: QUEUED_MESSAGES });
		if (socket.wasClean !== undefined) this.end(socket.wasClean);
	}

	start(controller: WritableStreamDefaultController): void {
		this.#controller = controller as AbortableController;
		this.#controller.signal.addEventListener('abort', () => this.#onEnd?.(connectionClosed()));
	}

	write(message: unknown): Promise<void> {
		// Converted here, so that an exception rejects the write.
		const payload = toPayload(message);
		return new Promise((resolve, reject) => {
			this.#onEnd = reject;
			this.#onOpen = (transport) => {
				if (transport.readyState !== OPEN) reject(connectionClosed());
				else transport.send(payload, (error) => (error ? reject(error) : resolve()));
			};
			this.flush();
		});
	}

	close(): Promise<void> {
		return new Promise((resolve, reject) => {
			// The client answers the close frame after it has read all messages.
			this.#onEnd = (error, isClean) => (isClean ? resolve() : reject(error));
			if (this.#socket.wasClean) resolve();
			else this.#socket.close({ code: NORMAL_CLOSURE });
		});
	}

	abort(): void {
		this.#socket.close({ code: INTERNAL_ERROR });
	}

	/** Sends the waiting message once the handshake is complete. */
	flush(): void {
		const { transport } = this.#socket;
		if (transport === undefined) return;
		this.#onOpen?.(transport);
		this.#onOpen = undefined;
	}

	end(isClean: boolean): void {
		const error = isClean ? connectionClosed() : connectionLost();
		this.#onEnd?.(error, isClean);
		// Deferred, so that a pipe from `readable` can end without an error first.
		if (isClean) setTimeout(() => this.#controller?.error(error));
		else this.#controller?.error(error);
	}
}
