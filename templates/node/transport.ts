import type { Payload, Sent } from '../shared/transport.ts';

/**
 * The part of a `ws` connection that the limits are put around. Declared here, because our
 * declaration files must not ask consumers for `@types/ws`.
 */
export interface RawTransport {
	readonly readyState: 0 | 1 | 2 | 3;
	readonly bufferedAmount: number;
	readonly extensions: string;
	readonly isPaused: boolean;
	/** Called before a control frame is written, whoever has it written. */
	beforeControl: (() => void) | undefined;
	send(data: Payload, done?: Sent): void;
	close(code?: number, reason?: string): void;
	/** Ends the connection without a closing handshake. */
	terminate(): void;
	pause(): void;
	resume(): void;
	ping(): void;
	on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): unknown;
	on(event: 'close', listener: (code: number, reason: Buffer) => void): unknown;
	on(event: 'error', listener: (error: Error) => void): unknown;
}

/** The part of the byte stream below it. */
export interface Wire {
	cork(): void;
	uncork(): void;
	/** Bytes that it holds. */
	readonly writableLength: number;
	write(bytes: Uint8Array, done?: Sent): unknown;
	on(event: 'data', listener: () => void): unknown;
	prependListener(event: 'end', listener: () => void): unknown;
}
