import { RealtimeError } from '../protocol/errors.ts';

/**
 * The error as one of this module's class, undefined if the sender must not learn of it. A site's
 * code in `astro dev` may have another instance of the class.
 */
export function realtimeErrorOf(error: unknown): RealtimeError | undefined {
	if (error instanceof RealtimeError) return error;
	if (!(error instanceof Error) || error.name !== 'RealtimeError') return undefined;
	const { code, message, retryAfter, fields } = error as RealtimeError;
	return new RealtimeError({
		code,
		message,
		...(retryAfter !== undefined && { retryAfter }),
		...(fields !== undefined && { fields }),
	});
}

/** What the sender learns of an error of the site. */
export function failure(): RealtimeError {
	return new RealtimeError({ code: 'INTERNAL_SERVER_ERROR', message: 'The server failed.' });
}

export function timedOut(what: string): RealtimeError {
	return new RealtimeError({ code: 'TIMEOUT', message: `${what} took too long.` });
}
