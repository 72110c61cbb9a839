import { INTERNAL_ERROR, NORMAL_CLOSURE } from './close-codes.ts';
import { connectionClosed, connectionLost } from './errors.ts';
import { toPayload } from './payload.ts';
import { OPEN } from './ready-state.ts';
import type { StreamedSocket } from './streams.ts';
import type { Transport } from './transport.ts';

/** Messages that may wait in the stream itself. */
const QUEUED_MESSAGES = 16;

/** The Streams Standard has it, `@types/node` has not. */
interface AbortableController extends WritableStreamDefaultController {
	readonly signal: AbortSignal;
}

/**
 * `socket.writable`. A message waits until the one before it has left the process, so that the limit
 * of what may wait to go out is only met by a single message that is larger.
 */
export class MessageSink {
	readonly stream: WritableStream<unknown>;
	#controller: WritableStreamDefaultController | undefined;
	/** Goes on with what waits for the connection. */
	#onOpen: ((transport: Transport) => void) | undefined;
	/** Goes on with what would come to nothing if the connection ended, or the stream was aborted. */
	#onEnd: ((error: Error, isClean?: boolean) => void) | undefined;

	constructor(socket: StreamedSocket) {
		this.stream = new WritableStream<unknown>(
			{
				start: (controller) => {
					this.#controller = controller;
					const { signal } = controller as AbortableController;
					signal.addEventListener('abort', () => this.#onEnd?.(connectionClosed()));
				},
				write: (message) =>
					new Promise<void>((resolve, reject) => {
						this.#onEnd = reject;
						// Here, where what it throws is the writer's.
						const payload = toPayload(message);
						const send = (transport: Transport): void => {
							if (transport.readyState !== OPEN) reject(connectionClosed());
							else transport.send(payload, (error) => (error ? reject(error) : resolve()));
						};
						if (socket.transport === undefined) this.#onOpen = send;
						else send(socket.transport);
					}),
				close: () =>
					new Promise<void>((resolve, reject) => {
						// The client answers it, behind all messages: then they have arrived.
						this.#onEnd = (error, isClean) => (isClean ? resolve() : reject(error));
						if (socket.wasClean) resolve();
						else socket.close(NORMAL_CLOSURE);
					}),
				abort: () => socket.close(INTERNAL_ERROR),
			},
			new CountQueuingStrategy({ highWaterMark: QUEUED_MESSAGES }),
		);
		if (socket.wasClean !== undefined) this.end(socket.wasClean);
	}

	opened(transport: Transport): void {
		this.#onOpen?.(transport);
		this.#onOpen = undefined;
	}

	end(isClean: boolean): void {
		const error = isClean ? connectionClosed() : connectionLost();
		this.#onEnd?.(error, isClean);
		// Later, so that what is piped from `readable` can end without an error first.
		if (isClean) setTimeout(() => this.#controller?.error(error));
		else this.#controller?.error(error);
	}
}
