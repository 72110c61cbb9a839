import { errorData, FAILURE, isRealtimeError, RealtimeError } from '../../protocol/errors.ts';

/**
 * The server published something that it must not, or said it of a member. Its code is for the publisher: the client whose
 * message led to it has made no mistake.
 */
export class PublishError extends RealtimeError {
	readonly isOfServer = true;

	/** The error of a publish with the code, message and fields of this one. */
	static of(error: RealtimeError): PublishError {
		return new PublishError(errorData(error));
	}
}

/**
 * The error as one of this module's class, undefined if the sender must not learn of it. A site's
 * code in `astro dev` may have another instance of the class.
 */
export function realtimeErrorOf(error: unknown): RealtimeError | undefined {
	if (!isRealtimeError(error) || 'isOfServer' in error) return undefined;
	return error instanceof RealtimeError ? error : new RealtimeError(errorData(error));
}

/**
 * What a client gets for an error of the site's code.
 *
 * @param failed Tells the site of an error that the client does not learn, or that is a timeout.
 */
export function answerTo(error: unknown, failed: (error: unknown) => void): RealtimeError {
	const known = realtimeErrorOf(error);
	if (known === undefined || known.code === 'TIMEOUT') failed(error);
	return known ?? failure();
}

/** What the sender learns of an error of the site. */
export function failure(): RealtimeError {
	return new RealtimeError(FAILURE);
}

export function timedOut(what: string): RealtimeError {
	return new RealtimeError({ code: 'TIMEOUT', message: `${what} took too long.` });
}
