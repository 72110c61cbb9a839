import { ofOutage } from '../../realtime/channel/outage.ts';
import { UNAVAILABLE } from '../../realtime/channel/refusals.ts';
import { isRealtimeError, RealtimeError } from '../../realtime/protocol/errors.ts';

/** The engine does not have the message, or was not asked. */
export function unavailable(message: string = UNAVAILABLE.message): RealtimeError {
	return ofOutage(new RealtimeError({ ...UNAVAILABLE, message }));
}

/**
 * The engine refuses. What it says is the `cause`, for the log: clients may get the error.
 *
 * @param reason What the engine says. The error of a client library would hold what was sent.
 * @param isForNow Whether it is an outage, which passes.
 */
export function refused(reason: string | undefined, isForNow = true): RealtimeError {
	const message = 'The realtime engine refused.';
	const error = isForNow
		? unavailable(message)
		: new RealtimeError({ code: 'SERVICE_UNAVAILABLE', message });
	return Object.assign(error, { cause: new Error(reason) });
}

/** What the engine said, of an error of {@link refused}. Of any other its message. */
export function reasonOf(error: Error): string {
	const { cause, message } = error;
	return (isRealtimeError(error) && cause instanceof Error && cause.message) || message;
}

/** The engine was asked, and did not answer. */
export function unanswered(): RealtimeError {
	const message = 'The realtime engine did not answer. It may have done what it was asked.';
	return ofOutage(new RealtimeError({ ...UNAVAILABLE, code: 'TIMEOUT', message }));
}

/** Whether an error says that the engine did nothing of what it was asked. */
export function isUndone(error: unknown): boolean {
	return isRealtimeError(error) && error.code === 'SERVICE_UNAVAILABLE';
}

/** The channel cannot be used until somebody acts. Unlike an outage, that is reported each time. */
export function newer(): RealtimeError {
	const message =
		'The channel was written by a newer version of the package. Update every process.';
	return new RealtimeError({ code: 'SERVICE_UNAVAILABLE', message });
}
