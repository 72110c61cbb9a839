import { INTERNAL_ERROR, NORMAL_CLOSURE } from './close-codes.ts';
import { connectionClosed, connectionLost } from './errors.ts';
import { toPayload } from './payload.ts';
import { OPEN } from './ready-state.ts';
import type { StreamedSocket, Transport } from './transport.ts';

/** Messages that may wait in the stream itself. */
const QUEUED_MESSAGES = 16;

/** The Streams Standard has it, `@types/node` has not. */
interface AbortableController extends WritableStreamDefaultController {
	readonly signal: AbortSignal;
}

/**
 * The sink below `socket.writable`. A message waits until the one before it has left the process, so
 * that the limit of what may wait to go out is only met by a single message that is larger.
 */
export class MessageSink {
	readonly stream: WritableStream<unknown>;
	readonly #socket: StreamedSocket;
	#controller: AbortableController | undefined;
	/** Goes on with what waits for the connection. */
	#onOpen: ((transport: Transport) => void) | undefined;
	/** Goes on with what would come to nothing if the connection ended, or the stream was aborted. */
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
		// Here, where what it throws is the writer's.
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
			// The client answers it, behind all messages: then they have arrived.
			this.#onEnd = (error, isClean) => (isClean ? resolve() : reject(error));
			if (this.#socket.wasClean) resolve();
			else this.#socket.close({ code: NORMAL_CLOSURE });
		});
	}

	abort(): void {
		this.#socket.close({ code: INTERNAL_ERROR });
	}

	/** Sends what waits for the handshake to be complete, if it is. */
	flush(): void {
		const { transport } = this.#socket;
		if (transport === undefined) return;
		this.#onOpen?.(transport);
		this.#onOpen = undefined;
	}

	/** The connection has ended. */
	end(isClean: boolean): void {
		const error = isClean ? connectionClosed() : connectionLost();
		this.#onEnd?.(error, isClean);
		// Later, so that what is piped from `readable` can end without an error first.
		if (isClean) setTimeout(() => this.#controller?.error(error));
		else this.#controller?.error(error);
	}
}
