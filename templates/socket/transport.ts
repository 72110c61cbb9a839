import type { ReadyState } from './ready-state.ts';

/** An accepted connection, as implemented by each runtime for the socket. */
export interface Transport {
	readonly readyState: ReadyState;
	/** Bytes passed to `send()` that have not been sent yet. */
	readonly bufferedAmount: number;
	readonly extensions: string;
	/**
	 * Sends a message within the limits of the connection. Bytes are copied, so the caller may
	 * reuse its buffer at once.
	 *
	 * @param done Called once the bytes have left the process, or with the reason of a failure.
	 */
	send(data: Payload, done?: Sent): void;
	close(code?: number, reason?: string): void;
	/** Stops reading. Messages read earlier still arrive. Absent if the runtime cannot pause. */
	pause?(): void;
	resume?(): void;
	/** Sets the receiver of all further events. Called once. */
	receive(receiver: Receiver): void;
}

/** Receives the events of a connection. `closed()` is the last one. */
export interface Receiver {
	/** @param data Text, or bytes. The receiver owns the bytes. */
	message(data: string | ArrayBuffer): void;
	/** The connection failed. `closed()` follows. */
	failed(error: Error): void;
	/** @param code 1005 if the peer sent none, 1006 if there was no closing handshake. */
	closed(code: number, reason: string): void;
}

/** The payload of a close frame. */
export interface CloseFrame {
	readonly code: number;
	readonly reason: string;
}

/** A message to send: text, or binary data. */
export type Payload = string | Uint8Array | Blob;

/** Called once for each message: when it has left the process, or with the reason of a failure. */
export type Sent = (error?: Error | null) => void;

/** The part of a socket used by its streams. */
export interface StreamedSocket {
	/** Set once the handshake is complete. */
	readonly transport: Transport | undefined;
	/** Set once the connection has ended. */
	readonly wasClean: boolean | undefined;
	/** Whether the end was delivered, behind all messages. */
	readonly isOver: boolean;
	/** Delivers the messages that wait for a handler, because the stream has a reader. */
	release(): void;
	/** Closes the socket, in any state. */
	close(frame?: Partial<CloseFrame>): void;
}
