import {
	ABNORMAL_CLOSURE,
	INTERNAL_ERROR,
	MESSAGE_TOO_BIG,
	POLICY_VIOLATION,
} from '../../socket/close-codes.ts';
import { connectionClosed, connectionLost, OTHER_REQUEST } from '../../socket/errors.ts';
import { payloadSize } from '../../socket/payload.ts';
import { CLOSED, CLOSING, OPEN, type ReadyState } from '../../socket/ready-state.ts';
import type { Payload, Receiver, Sent, Transport } from '../../socket/transport.ts';
import { MessageRate } from './message-rate.ts';
import type { PlatformSocket } from './platform.ts';

/** The limits supported on a connection in a Worker. */
export interface ConnectionLimits {
	readonly maxPayload: number;
	readonly maxMessagesPerSecond: number;
}

/** The server's end of a pair, with its limits. The runtime offers no backpressure for input. */
export class Connection implements Transport {
	readonly #socket: PlatformSocket;
	readonly #limits: ConnectionLimits;
	readonly #rate: MessageRate | undefined;
	/** Messages that wait behind a Blob. */
	#queue: Promise<void> | undefined;
	#queuedBytes = 0;
	#state: ReadyState = OPEN;
	#hasFailed = false;
	#receiver: Receiver | undefined;

	constructor(socket: PlatformSocket, limits: ConnectionLimits) {
		this.#socket = socket;
		this.#limits = limits;
		const { maxMessagesPerSecond } = limits;
		if (maxMessagesPerSecond > 0) this.#rate = new MessageRate(maxMessagesPerSecond);
		// Since compatibility date 2026-03-17 the default is `blob`. A Blob must be read first, so
		// later messages could overtake it.
		socket.binaryType = 'arraybuffer';
	}

	get readyState(): ReadyState {
		return this.#state;
	}

	/** Without the buffer of the runtime, which it does not expose. */
	get bufferedAmount(): number {
		return this.#queuedBytes;
	}

	get extensions(): string {
		return this.#socket.extensions ?? '';
	}

	/** Starts the delivery of messages. The runtime holds earlier ones. */
	receive(receiver: Receiver): void {
		const socket = this.#socket;
		const { maxPayload } = this.#limits;
		this.#receiver = receiver;
		socket.addEventListener('message', ({ data }) => {
			if (this.#state !== OPEN) return;
			// A UTF-16 code unit takes up to three bytes.
			const isShort = typeof data === 'string' && data.length * 3 <= maxPayload;
			if (this.#rate?.take() === false) this.close(POLICY_VIOLATION, 'Too many messages');
			else if (isShort || payloadSize(data) <= maxPayload) receiver.message(data);
			else this.close(MESSAGE_TOO_BIG, 'Message too big');
		});
		socket.addEventListener('close', ({ code, reason, wasClean }) => {
			// Before compatibility date 2026-04-07 the client gets no close frame without this.
			if (wasClean && this.#state === OPEN) this.#close(code, reason);
			// Through Vite's server, a lost connection is a close and not an error. Its reason is a text
			// of the runtime.
			if (wasClean) this.#ended(code, reason);
			else this.#ended(code, '', connectionLost());
		});
		socket.addEventListener('error', ({ error }) => this.#ended(ABNORMAL_CLOSURE, '', error));
		socket.accept();
	}

	send(data: Payload, done?: Sent): void {
		if (this.#state !== OPEN) {
			done?.(connectionClosed());
			return;
		}
		// The caller may modify its bytes while the message waits. Older workerd keeps a reference to
		// them until the end of the tick.
		const message = data instanceof Uint8Array ? data.slice() : data;
		if (this.#queue === undefined && !(message instanceof Blob)) this.#send(message, done);
		else {
			this.#checkRequest();
			this.#inTurn(
				async () =>
					this.#send(message instanceof Blob ? await message.arrayBuffer() : message, done),
				payloadSize(data),
				done,
			);
		}
	}

	close(code?: number, reason?: string): void {
		if (this.#state !== OPEN) return;
		this.#checkRequest();
		this.#state = CLOSING;
		if (this.#queue === undefined) this.#close(code, reason);
		else this.#inTurn(() => this.#close(code, reason));
	}

	#send(data: string | Uint8Array | ArrayBuffer, done: Sent | undefined): void {
		try {
			this.#socket.send(data);
			done?.();
		} catch (error) {
			this.#checkRequest();
			// The connection is lost.
			done?.(error as Error);
		}
	}

	/**
	 * Checks the current request. A socket can only be used in the request that accepted it. In
	 * another request, every access throws.
	 *
	 * @throws Error with advice on what to use instead.
	 */
	#checkRequest(): number {
		try {
			return this.#socket.readyState;
		} catch {
			throw new Error(OTHER_REQUEST);
		}
	}

	/** Runs a task after all earlier ones, or not at all if one of them fails. */
	async #inTurn(task: () => void | Promise<void>, bytes = 0, done?: Sent): Promise<void> {
		this.#queuedBytes += bytes;
		const queue = (this.#queue ?? Promise.resolve()).then(task);
		this.#queue = queue;
		try {
			await queue;
		} catch (error) {
			done?.(error as Error);
			this.#fail(error as Error);
		}
		this.#queuedBytes -= bytes;
		if (this.#queue === queue) this.#queue = undefined;
	}

	/** Ends the connection after an unreadable Blob. Later messages would be out of order. */
	#fail(error: Error): void {
		if (this.#hasFailed || this.#state === CLOSED) return;
		this.#hasFailed = true;
		this.#state = CLOSING;
		this.#receiver?.failed(error);
		this.#close(INTERNAL_ERROR);
	}

	#close(code?: number, reason?: string): void {
		// The code may be one that cannot be sent, such as 1005, or the peer may be gone.
		try {
			this.#socket.close(code, reason);
		} catch {
			if (code !== undefined) this.#close();
		}
	}

	/**
	 * Reports the end once. After a clean close the runtime emits an error, "Network connection
	 * lost."
	 */
	#ended(code: number, reason: string, error?: Error): void {
		if (this.#state === CLOSED) return;
		this.#state = CLOSED;
		if (error !== undefined) this.#receiver?.failed(error);
		this.#receiver?.closed(code, reason);
	}
}
