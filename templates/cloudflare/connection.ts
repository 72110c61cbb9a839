import {
	ABNORMAL_CLOSURE,
	INTERNAL_ERROR,
	MESSAGE_TOO_BIG,
	NO_STATUS,
	POLICY_VIOLATION,
} from '../shared/close-codes.ts';
import { connectionClosed, connectionLost } from '../shared/errors.ts';
import { MessageRate } from '../shared/message-rate.ts';
import { payloadSize } from '../shared/payload.ts';
import { CLOSED, CLOSING, type CONNECTING, OPEN, type ReadyState } from '../shared/ready-state.ts';
import type { Payload, Receiver, Sent, Transport } from '../shared/transport.ts';
import type { PlatformClose, PlatformSocket } from './platform.ts';

/** The limits that can be kept on a connection here. */
export interface ConnectionLimits {
	readonly maxPayload: number;
	readonly maxMessagesPerSecond: number;
}

/** The states of a connection that has been accepted. */
type Established = Exclude<ReadyState, typeof CONNECTING>;

/** Our end of a pair, within its limits. */
export class Connection implements Transport {
	readonly #socket: PlatformSocket;
	readonly #limits: ConnectionLimits;
	readonly #rate: MessageRate | undefined;
	#state: Established = OPEN;
	/** What waits behind a Blob that is being read. */
	#queue: Promise<void> | undefined;
	#queuedBytes = 0;
	#hasFailed = false;
	#receiver: Receiver | undefined;

	constructor(socket: PlatformSocket, limits: ConnectionLimits) {
		this.#socket = socket;
		this.#limits = limits;
		const { maxMessagesPerSecond } = limits;
		this.#rate = maxMessagesPerSecond > 0 ? new MessageRate(maxMessagesPerSecond) : undefined;
		// By compatibility dates from 2026-03-17 on it is `blob`, which has to be read and so would
		// let later messages overtake.
		socket.binaryType = 'arraybuffer';
	}

	get readyState(): Established {
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
		this.#receiver = receiver;
		socket.addEventListener('message', ({ data }) => {
			if (this.#state === OPEN && this.#isWithinLimits(data)) receiver.message(data);
		});
		socket.addEventListener('close', (event) => {
			if (this.#state === CLOSED) return;
			this.#answer(event);
			this.#state = CLOSED;
			// Where it goes through Vite's server a lost connection is a close, not an error.
			if (!event.wasClean) receiver.failed(connectionLost());
			// The reason of a connection that was lost is the runtime's own text.
			receiver.closed(event.code, event.code === ABNORMAL_CLOSURE ? '' : event.reason);
		});
		socket.addEventListener('error', ({ error }) => {
			// After a clean close there comes another, "Network connection lost."
			if (this.#state === CLOSED) return;
			this.#state = CLOSED;
			receiver.failed(toError(error));
			receiver.closed(ABNORMAL_CLOSURE, '');
		});
		socket.accept();
	}

	send(data: Payload, done?: Sent): void {
		if (this.#state !== OPEN) done?.(connectionClosed());
		else if (this.#queue !== undefined || data instanceof Blob) this.#sendInTurn(data, done);
		else this.#send(data, done);
	}

	close(code?: number, reason?: string): void {
		if (this.#state !== OPEN) return;
		this.#state = CLOSING;
		if (this.#queue === undefined) this.#close(code, reason);
		else this.#inTurn(() => this.#close(code, reason)).catch(() => {});
	}

	/** The runtime takes input without being asked. */
	pause(): void {}

	resume(): void {}

	#send(data: string | Uint8Array, done: Sent | undefined): void {
		try {
			this.#socket.send(data);
			done?.();
		} catch (error) {
			// The connection is lost.
			done?.(toError(error));
		}
	}

	/** Sends a Blob, and what comes behind one, in the order of the calls. */
	#sendInTurn(data: Payload, done: Sent | undefined): void {
		const bytes = payloadSize(data);
		this.#queuedBytes += bytes;
		// It may be changed by the caller before it is its turn.
		const message = data instanceof Uint8Array ? data.slice() : data;
		const send = async (): Promise<void> => {
			this.#send(
				message instanceof Blob ? new Uint8Array(await message.arrayBuffer()) : message,
				done,
			);
		};
		this.#inTurn(send)
			.catch((error) => {
				done?.(toError(error));
				this.#fail(toError(error));
			})
			.finally(() => {
				this.#queuedBytes -= bytes;
			});
	}

	/** Does something once everything before it is done, and nothing if any of that fails. */
	#inTurn(task: () => void | Promise<void>): Promise<void> {
		const queue = (this.#queue ?? Promise.resolve()).then(task);
		this.#queue = queue;
		const forget = (): void => {
			if (this.#queue === queue) this.#queue = undefined;
		};
		queue.then(forget, forget);
		return queue;
	}

	/** A Blob cannot be read. What comes behind it would be in the wrong place. */
	#fail(error: Error): void {
		if (this.#hasFailed || this.#state === CLOSED) return;
		this.#hasFailed = true;
		this.#state = CLOSING;
		this.#receiver?.failed(error);
		this.#close(INTERNAL_ERROR, undefined);
	}

	#close(code: number | undefined, reason: string | undefined): void {
		// There may be a code that only the peer's runtime lets through, or nobody to close with.
		if (!isDone(() => this.#socket.close(code, reason))) isDone(() => this.#socket.close());
	}

	/** By compatibility dates before 2026-04-07 the client gets no close frame otherwise. */
	#answer({ code, reason, wasClean }: PlatformClose): void {
		if (!wasClean || this.#state !== OPEN) return;
		if (code === NO_STATUS) this.#close(undefined, undefined);
		else this.#close(code, reason);
	}

	#isWithinLimits(message: string | ArrayBuffer): boolean {
		if (this.#rate?.take() === false) {
			this.close(POLICY_VIOLATION, 'Too many messages');
			return false;
		}
		if (!isLongerThan(this.#limits.maxPayload, message)) return true;
		this.close(MESSAGE_TOO_BIG, 'Message too big');
		return false;
	}
}

/** The runtime throws where a connection is closing or lost. */
function isDone(action: () => void): boolean {
	try {
		action();
		return true;
	} catch {
		return false;
	}
}

function toError(error: unknown): Error {
	return error instanceof Error ? error : new Error(String(error));
}

/** Whether a message has more bytes. A character of a string takes up to three. */
function isLongerThan(bytes: number, message: string | ArrayBuffer): boolean {
	if (typeof message !== 'string') return message.byteLength > bytes;
	return message.length > bytes || (message.length * 3 > bytes && payloadSize(message) > bytes);
}
