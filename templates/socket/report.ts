import type { AstroWebSocket } from './types.ts';

/** The connection that a report is about, as far as it is known. */
export interface ReportSubject {
	/** The socket that the error belongs to. There is none before `upgradeWebSocket()`. */
	readonly socket?: AstroWebSocket | undefined;
	/** The request of the handshake. There is none where an error belongs to no handshake. */
	readonly request?: Request | undefined;
}

/**
 * Tells whoever runs the site about something that went wrong, and about the error if there is one. It
 * may return a promise, which a Worker has to wait for: it resolves once the `onError` hook is done.
 */
export type Report = (message: string, error?: unknown, subject?: ReportSubject) => void;
