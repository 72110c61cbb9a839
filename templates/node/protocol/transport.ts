import type { ReadyState } from '../../socket/ready-state.ts';
import type { Payload, Receiver, Sent } from '../../socket/transport.ts';

/** What speaks the protocol on a byte stream, and the limits are put around. */
export interface RawTransport {
	readonly readyState: ReadyState;
	readonly bufferedAmount: number;
	readonly extensions: string;
	readonly isPaused: boolean;
	/** Set before anything comes in. */
	receiver: RawReceiver | undefined;
	/** Sends a message behind those that it was given before. */
	send(data: Payload, done?: Sent): void;
	close(code?: number, reason?: string): void;
	/** Ends the connection without a closing handshake. */
	terminate(): void;
	pause(): void;
	resume(): void;
	/** @param payload At most 125 bytes, which the answer repeats. */
	ping(payload?: Buffer): void;
}

/** What is told of everything that happens on a {@link RawTransport}. */
export interface RawReceiver extends Receiver {
	/** Bytes have come in, whatever they are. */
	heard(): void;
	/** The messages in what has come in follow, all in this tick. */
	reading(): void;
	/** That were all of them. */
	told(): void;
	/** A ping was answered, or the peer has sent an answer to none. */
	pong(payload: Buffer): void;
	/** A control frame or the end of the stream is about to be written. */
	beforeControl(): void;
}

/** The part of the byte stream below it that messages are written to. */
export interface Wire {
	cork(): void;
	uncork(): void;
	/** Bytes that it holds. */
	readonly writableLength: number;
	write(bytes: Uint8Array, done?: Sent): unknown;
}
