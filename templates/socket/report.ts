import type { AstroWebSocket } from './types.ts';

/** The connection that an error belongs to, as far as it is known. */
export interface ReportSubject {
	/** The socket. Absent before `upgradeWebSocket()`. */
	readonly socket?: AstroWebSocket | undefined;
	/** The request of the handshake. Absent if the error belongs to no handshake. */
	readonly request?: Request | undefined;
}

/**
 * Reports a problem to the operator of the site, with the error if there is one. It may return a
 * promise, which resolves when the `onError` hook is done. A Worker must wait for it.
 */
export type Report = (message: string, error?: unknown, subject?: ReportSubject) => void;
