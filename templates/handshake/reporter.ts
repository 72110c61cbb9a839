import type { Report } from '../socket/report.ts';
import type { WebSocketHooks } from './hooks.ts';

/** A report that gives errors to the `onError` hook, and everything to the log where there is none. */
export function reporter({ onError }: WebSocketHooks, printer: Report): Report {
	return async (message, error, subject) => {
		if (onError === undefined || error === undefined) {
			print(printer, message, error);
			return;
		}
		try {
			await onError({ error, message, ...subject });
		} catch (failure) {
			// A hook that fails must not take the error with it.
			print(printer, message, error);
			print(printer, 'The WebSocket hook `onError` failed', failure);
		}
	};
}

/**
 * What a handler throws may throw itself when it is looked at, a Proxy for one. Nobody catches
 * what a report throws, so that it would end the process.
 */
function print(printer: Report, message: string, error: unknown): void {
	try {
		printer(message, error);
	} catch {
		printer(`${message}, with an error that cannot be printed`);
	}
}
