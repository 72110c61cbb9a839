import { RealtimeError, type RealtimeErrorCode } from '../../protocol/errors.ts';

/** The error of a handle that was left. */
export function closed(): RealtimeError {
	return failure('CLOSED', 'The handle is closed.');
}

/** An error of the client's own. */
export function failure(code: RealtimeErrorCode, message: string): RealtimeError {
	return new RealtimeError({ code, message });
}
