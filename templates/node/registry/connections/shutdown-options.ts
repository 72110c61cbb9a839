import { closeFrame } from '../../../socket/close.ts';
import { GOING_AWAY } from '../../../socket/close-codes.ts';

/** The resolved options for ending connections. */
export interface ClosingOptions {
	/** Milliseconds until remaining connections are terminated. */
	readonly timeout: number;
	/** The close code sent to clients. */
	readonly code: number;
	/** The close reason sent to clients. */
	readonly reason: string;
	/** Milliseconds over which connections are closed, the oldest first. Default: at once. */
	readonly over?: number;
}

/** Options of a shutdown. */
export interface ShutdownOptions {
	/**
	 * Milliseconds for clients to close their connections. After that, connections are terminated.
	 *
	 * @default {10000} 10 seconds
	 */
	timeout?: number;
	/**
	 * The close code sent to clients: 1000, 1001, 1011 to 1014, or 3000 to 4999.
	 *
	 * @default {1001} Going away
	 */
	closeCode?: number;
	/**
	 * The close reason sent to clients, at most 123 bytes of UTF-8.
	 *
	 * @default {''}
	 */
	closeReason?: string;
}

/**
 * Codes that a server may send for its own reasons (RFC 6455 section 7.4.1, and IANA's registry).
 */
const SERVER_CODES: ReadonlySet<number> = new Set([GOING_AWAY, 1011, 1012, 1013, 1014]);

/** @throws RangeError for an invalid duration. */
export function checkDuration(of: string, milliseconds: number): void {
	if (!Number.isInteger(milliseconds) || milliseconds < 0 || milliseconds > 2 ** 31 - 1) {
		throw new RangeError(`The ${of} must be a whole number of milliseconds, got: ${milliseconds}`);
	}
}

/**
 * Fills in the defaults.
 *
 * @throws RangeError for an invalid timeout. DOMException as for `WebSocket.close()` if the code or
 * the reason cannot be sent.
 */
export function closing(options: ShutdownOptions = {}): ClosingOptions {
	const { timeout = 10_000, closeCode: code = GOING_AWAY, closeReason: reason = '' } = options;
	checkDuration('timeout of a shutdown', timeout);
	closeFrame(SERVER_CODES.has(code) ? undefined : code, reason);
	return { timeout, code, reason };
}
