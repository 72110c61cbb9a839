import type { ReadyState } from '../../socket/ready-state.ts';
import type { Payload, Receiver, Sent } from '../../socket/transport.ts';

/** Unsent bytes above which pings are not answered, because the peer does not read. */
export const MAX_UNREAD_PONGS: number = 64 * 1024;

/** A WebSocket connection on a byte stream, without limits. */
export interface RawTransport {
	readonly readyState: ReadyState;
	readonly bufferedAmount: number;
	readonly extensions: string;
	readonly isPaused: boolean;
	/** The minimum size in bytes of the messages that an extension transforms. */
	readonly extensionThreshold: number;
	/** Whether frames of {@link compressedFrame} may be written to the connection. */
	readonly takesCompressedFrames: boolean;
	/** Set before the first event. */
	receiver: RawReceiver | undefined;
	/** Sends a message after all earlier ones. */
	send(data: Payload, done?: Sent): void;
	close(code?: number, reason?: string): void;
	/** Ends the connection without a closing handshake. */
	terminate(): void;
	pause(): void;
	resume(): void;
	/** @param payload At most 125 bytes, repeated by the answer. */
	ping(payload?: Buffer): void;
}

/** Receives the events of a {@link RawTransport}. */
export interface RawReceiver extends Receiver {
	/** Called for any received bytes. */
	heard(): void;
	/** Called before the messages of a received chunk, which all follow in this tick. */
	reading(): void;
	/** Called after the last of these messages. */
	told(): void;
	/** Called for every pong, whether or not it answers a ping. */
	pong(payload: Buffer): void;
	/** Called before a control frame or the end of the stream is written. */
	beforeControl(): void;
}

/** The part of a byte stream used to write messages. */
export interface Wire {
	cork(): void;
	uncork(): void;
	/** Buffered bytes. */
	readonly writableLength: number;
	write(bytes: Uint8Array, done?: Sent): unknown;
}
