/**
 * The part of a `ws` connection that the socket stands on. Declared here, because our declaration
 * files must not ask consumers for `@types/ws`.
 */
export interface Transport {
	readonly readyState: 0 | 1 | 2 | 3;
	readonly bufferedAmount: number;
	readonly protocol: string;
	readonly extensions: string;
	send(data: string | Uint8Array | Blob): void;
	close(code?: number, reason?: string): void;
	on(event: 'message', listener: (data: Uint8Array, isBinary: boolean) => void): unknown;
	on(event: 'close', listener: (code: number, reason: Uint8Array) => void): unknown;
	on(event: 'error', listener: (error: Error) => void): unknown;
}
