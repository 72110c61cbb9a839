import type { WebSocketHooks } from './hooks.ts';

/** Tells whoever runs the site about something that went wrong, and about the error if there is one. */
export type Report = (message: string, error?: unknown) => void;

/** A report that gives errors to the `onError` hook, and everything to the log where there is none. */
export function reporter(hooks: WebSocketHooks, printer: Report): Report {
	const log = unfailing(printer);
	const { onError } = hooks;
	return async (message, error) => {
		if (onError === undefined || error === undefined) {
			log(message, error);
			return;
		}
		try {
			await onError(error, message);
		} catch (failure) {
			// A hook that fails must not take the error with it.
			log(message, error);
			log('The WebSocket hook `onError` failed', failure);
		}
	};
}

/**
 * What a handler throws may throw itself when it is looked at, a Proxy for one. Nobody catches
 * what a report throws, so that it would end the process.
 */
function unfailing(log: Report): Report {
	return (message, error) => {
		try {
			log(message, error);
		} catch {
			log(`${message}, with an error that cannot be printed`);
		}
	};
}
