import { RealtimeError } from '../../protocol/errors.ts';

/**
 * The server published something that it must not, or said it of a member. Its code is for the publisher: the client whose
 * message led to it has made no mistake.
 */
export class PublishError extends RealtimeError {
	readonly isOfServer = true;

	/** The error of a publish with the code, message and fields of this one. */
	static of(error: RealtimeError): PublishError {
		const { code, message, fields } = error;
		return new PublishError({ code, message, ...(fields !== undefined && { fields }) });
	}
}

/**
 * The error as one of this module's class, undefined if the sender must not learn of it. A site's
 * code in `astro dev` may have another instance of the class.
 */
export function realtimeErrorOf(error: unknown): RealtimeError | undefined {
	if (!(error instanceof Error) || error.name !== 'RealtimeError') return undefined;
	if ((error as Partial<PublishError>).isOfServer === true) return undefined;
	if (error instanceof RealtimeError) return error;
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
