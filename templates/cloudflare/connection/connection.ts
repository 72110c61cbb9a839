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

/** The limits that can be kept on a connection here. */
export interface ConnectionLimits {
	readonly maxPayload: number;
	readonly maxMessagesPerSecond: number;
}

/** Our end of a pair, within its limits. The runtime takes input without being asked. */
export class Connection implements Transport {
	readonly #socket: PlatformSocket;
	readonly #limits: ConnectionLimits;
	readonly #rate: MessageRate | undefined;
	/** What waits behind a Blob that is being read. */
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
		// By compatibility dates from 2026-03-17 on it is `blob`, which has to be read and so would
		// let later messages overtake.
		socket.binaryType = 'arraybuffer';
	}

	get readyState(): ReadyState {
		return this.#state;
	}

	/** What waits in the runtime it does not tell. */
	get bufferedAmount(): number {
		return this.#queuedBytes;
	}

	get extensions(): string {
		return this.#socket.extensions ?? '';
	}

	/** Takes the client's messages from now on: those before have waited for that. */
	receive(receiver: Receiver): void {
		const socket = this.#socket;
		const { maxPayload } = this.#limits;
		this.#receiver = receiver;
		socket.addEventListener('message', ({ data }) => {
			if (this.#state !== OPEN) return;
			// A character of a string takes up to three bytes.
			const isShort = typeof data === 'string' && data.length * 3 <= maxPayload;
			if (this.#rate?.take() === false) this.close(POLICY_VIOLATION, 'Too many messages');
			else if (isShort || payloadSize(data) <= maxPayload) receiver.message(data);
			else this.close(MESSAGE_TOO_BIG, 'Message too big');
		});
		socket.addEventListener('close', ({ code, reason, wasClean }) => {
			// By compatibility dates before 2026-04-07 the client gets no close frame otherwise.
			if (wasClean && this.#state === OPEN) this.#close(code, reason);
			// Where it goes through Vite's server a lost connection is a close, not an error. Its reason
			// is the runtime's own text.
			if (wasClean) this.#ended(code, reason);
			else this.#ended(code, '', connectionLost());
		});
		socket.addEventListener('error', ({ error }) => this.#ended(ABNORMAL_CLOSURE, '', error));
		socket.accept();
	}

	send(data: Payload, done?: Sent): void {
		if (this.#state !== OPEN) done?.(connectionClosed());
		else if (this.#queue === undefined && !(data instanceof Blob)) this.#send(data, done);
		else {
			this.#checkRequest();
			// It may be changed by the caller before it is its turn.
			const message = data instanceof Uint8Array ? data.slice() : data;
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
	 * A socket can only be used in the request that has accepted it: in another one the runtime lets
	 * nobody so much as look at it.
	 *
	 * @throws Error that says what to use instead.
	 */
	#checkRequest(): number {
		try {
			return this.#socket.readyState;
		} catch {
			throw new Error(OTHER_REQUEST);
		}
	}

	/** Does something once everything before it is done, and nothing if any of that fails. */
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

	/** A Blob cannot be read. What comes behind it would be in the wrong place. */
	#fail(error: Error): void {
		if (this.#hasFailed || this.#state === CLOSED) return;
		this.#hasFailed = true;
		this.#state = CLOSING;
		this.#receiver?.failed(error);
		this.#close(INTERNAL_ERROR);
	}

	#close(code?: number, reason?: string): void {
		// There may be a code that cannot be sent, 1005 for one, or nobody to close with.
		try {
			this.#socket.close(code, reason);
		} catch {
			if (code !== undefined) this.#close();
		}
	}

	/** After a clean close the runtime tells of an error, "Network connection lost." */
	#ended(code: number, reason: string, error?: Error): void {
		if (this.#state === CLOSED) return;
		this.#state = CLOSED;
		if (error !== undefined) this.#receiver?.failed(error);
		this.#receiver?.closed(code, reason);
	}
}
