import { closeFrame } from '../../socket/close.ts';
import { GOING_AWAY } from '../../socket/close-codes.ts';

/** How connections are brought to an end. */
export interface ClosingOptions {
	/** Milliseconds until those that are still there are terminated. */
	readonly timeout: number;
	/** The close code that clients get. */
	readonly code: number;
	/** The reason that clients get. */
	readonly reason: string;
	/** Milliseconds over which they are asked to close, the oldest first. Default: at once. */
	readonly over?: number;
}

/** How a server is shut down. */
export interface ShutdownOptions {
	/**
	 * Milliseconds that clients get to close their connections; then those are terminated.
	 *
	 * @default {10000} 10 seconds
	 */
	timeout?: number;
	/**
	 * The close code that clients get: 1000, 1001, 1011 to 1014, or 3000 to 4999.
	 *
	 * @default {1001} Going away
	 */
	closeCode?: number;
	/**
	 * The reason that clients get, at most 123 bytes of UTF-8.
	 *
	 * @default {''}
	 */
	closeReason?: string;
}

/** Those of section 7.4.1 and its registry that a server may send for reasons of its own. */
const SERVER_CODES: ReadonlySet<number> = new Set([GOING_AWAY, 1011, 1012, 1013, 1014]);

/** @throws RangeError for anything that is no time to wait. */
export function checkDuration(of: string, milliseconds: number): void {
	if (!Number.isInteger(milliseconds) || milliseconds < 0 || milliseconds > 2 ** 31 - 1) {
		throw new RangeError(`The ${of} must be a whole number of milliseconds, got: ${milliseconds}`);
	}
}

/**
 * Fills in the defaults.
 *
 * @throws RangeError for a timeout that is none; the exceptions of `WebSocket.close()` for a code
 * or a reason that cannot be sent.
 */
export function closing(options: ShutdownOptions = {}): ClosingOptions {
	const { timeout = 10_000, closeCode: code = GOING_AWAY, closeReason: reason = '' } = options;
	checkDuration('timeout of a shutdown', timeout);
	closeFrame(SERVER_CODES.has(code) ? undefined : code, reason);
	return { timeout, code, reason };
}
