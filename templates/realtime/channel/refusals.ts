import type { ErrorData } from '../protocol/errors.ts';

/** The answer while the engine cannot be reached. */
export const UNAVAILABLE: ErrorData = {
	code: 'SERVICE_UNAVAILABLE',
	message: 'The realtime engine cannot be reached.',
	retryAfter: 1000,
};

/** The answer to more messages than may wait until a join is decided. */
export const WAITING: ErrorData = tooMany('Too many messages wait for the join.', 1000);

/** @param limit Bytes. */
export function tooLarge(what: string, limit: number): ErrorData {
	return { code: 'CONTENT_TOO_LARGE', message: `${what} is larger than ${limit / 1024} KB.` };
}

export function tooMany(message: string, retryAfter: number): ErrorData {
	return { code: 'TOO_MANY_REQUESTS', message, retryAfter };
}
