import type { Report } from '../socket/report.ts';
import type { WebSocketHooks } from './hooks.ts';

/**
 * A report that passes errors to the `onError` hook. Everything else is logged; without a hook,
 * errors are as well.
 */
export function reporter({ onError }: WebSocketHooks, printer: Report): Report {
	return async (message, error, subject) => {
		if (onError === undefined || error === undefined) {
			print(printer, message, error);
			return;
		}
		try {
			await onError({ error, message, ...subject });
		} catch (failure) {
			// A failing hook must not swallow the error.
			print(printer, message, error);
			print(printer, 'The WebSocket hook `onError` failed', failure);
		}
	};
}

/**
 * A thrown value, for example a Proxy, may itself throw when it is printed. Nothing catches an
 * exception of a report, so it would end the process.
 */
function print(printer: Report, message: string, error: unknown): void {
	try {
		printer(message, error);
	} catch {
		printer(`${message}, with an error that cannot be printed`);
	}
}
