/**
 * An accepted connection as the socket sees it. Declared here, because our declaration files must
 * not ask consumers for `@types/ws`.
 */
export interface Transport {
	readonly readyState: 0 | 1 | 2 | 3;
	/** Bytes that wait to go out. */
	readonly bufferedAmount: number;
	readonly extensions: string;
	/**
	 * Sends a message, if the connection's limits let it. Bytes are copied: the caller may reuse its
	 * buffer right away.
	 *
	 * @param done Called once the bytes have left the process, or with the reason why they never will.
	 */
	send(data: Payload, done?: (error?: Error | null) => void): void;
	close(code?: number, reason?: string): void;
	/** Ends the connection without a closing handshake. */
	terminate(): void;
	/** Takes no more input; what was taken already still arrives. */
	pause(): void;
	resume(): void;
	on(event: 'message', listener: (data: Uint8Array, isBinary: boolean) => void): unknown;
	on(event: 'close', listener: (code: number, reason: Uint8Array) => void): unknown;
	on(event: 'error', listener: (error: Error) => void): unknown;
}

/** What can be sent: text, or binary data. */
export type Payload = string | Uint8Array | Blob;

/** The part of a `ws` connection that the limits are put around. */
export interface RawTransport extends Transport {
	readonly isPaused: boolean;
	/** Called before a control frame is written, whoever has it written. */
	beforeControl: (() => void) | undefined;
	ping(): void;
}

/** The part of the byte stream below it. */
export interface Wire {
	cork(): void;
	uncork(): void;
	/** Bytes that it holds. */
	readonly writableLength: number;
	write(bytes: Uint8Array, done?: (error?: Error | null) => void): unknown;
	on(event: 'data', listener: () => void): unknown;
	prependListener(event: 'end', listener: () => void): unknown;
}
