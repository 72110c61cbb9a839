import { RealtimeError, type RealtimeErrorCode } from '../../protocol/errors.ts';

/** An error of the client's own. */
export function failure(code: RealtimeErrorCode, message: string): RealtimeError {
	return new RealtimeError({ code, message });
}
