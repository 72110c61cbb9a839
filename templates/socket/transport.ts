import type { ReadyState } from './ready-state.ts';

/** An accepted connection as the socket sees it: what a runtime has to bring. */
export interface Transport {
	readonly readyState: ReadyState;
	/** Bytes that were handed to `send()` and wait to go out. */
	readonly bufferedAmount: number;
	readonly extensions: string;
	/**
	 * Sends a message, if the connection's limits let it. Bytes are copied: the caller may reuse its
	 * buffer right away.
	 *
	 * @param done Called once the bytes have left the process, or with the reason why they never will.
	 */
	send(data: Payload, done?: Sent): void;
	close(code?: number, reason?: string): void;
	/** Takes no more input; what was taken already still arrives. Absent where a runtime cannot. */
	pause?(): void;
	resume?(): void;
	/** Names who is told of everything that comes in from now on. Called once. */
	receive(receiver: Receiver): void;
}

/** What hears of a connection. Nothing comes behind `closed()`. */
export interface Receiver {
	/** @param data Text, or bytes that are the receiver's to keep. */
	message(data: string | ArrayBuffer): void;
	/** The connection fails, and `closed()` follows. */
	failed(error: Error): void;
	/** @param code 1005 if the peer gave none, 1006 if there was no closing handshake. */
	closed(code: number, reason: string): void;
}

/** A close frame's payload. */
export interface CloseFrame {
	readonly code: number;
	readonly reason: string;
}

/** What can be sent: text, or binary data. */
export type Payload = string | Uint8Array | Blob;

/** Told once of a message whether it has left the process, or why it never will. */
export type Sent = (error?: Error | null) => void;

/** What the streams of a socket know of it. */
export interface StreamedSocket {
	/** Set once the handshake is complete. */
	readonly transport: Transport | undefined;
	/** Set once the connection has ended. */
	readonly wasClean: boolean | undefined;
	/** Lets out what waits for a handler of messages: there is a reader. */
	release(): void;
	/** Closes it, in whatever state it is. */
	close(frame?: Partial<CloseFrame>): void;
}
