import type { HandlerSignal } from '../channel/handler-signal.ts';
import { isRealtimeError } from '../protocol/errors.ts';
import { timedOut } from './errors.ts';
import type { Runtime } from './runtime.ts';

/**
 * The result of work, if it comes in time. Late results and errors are dropped.
 *
 * @throws RealtimeError `TIMEOUT`
 */
export async function within<Result>(
	runtime: Pick<Runtime, 'alarm'>,
	milliseconds: number,
	what: string,
	work: () => Result | Promise<Result>,
): Promise<Result> {
	let cancel = (): void => {};
	const late = new Promise<never>((_, reject) => {
		cancel = runtime.alarm(milliseconds, () => reject(timedOut(what)));
	});
	try {
		return await Promise.race([started(work), late]);
	} finally {
		cancel();
	}
}

/**
 * The result of work, if it comes before the signal is aborted.
 *
 * @throws RealtimeError `TIMEOUT`, or the signal's reason if that is a `RealtimeError`.
 */
export async function before<Result>(
	signal: HandlerSignal,
	what: string,
	work: () => Result | Promise<Result>,
): Promise<Result> {
	const reason = (): unknown => (isRealtimeError(signal.reason) ? signal.reason : timedOut(what));
	if (signal.aborted) throw reason();
	return await new Promise<Result>((resolve, reject) => {
		const aborted = (): void => reject(reason());
		signal.addEventListener('abort', aborted, { once: true });
		started(work).then(
			(result) => {
				signal.removeEventListener('abort', aborted);
				resolve(result);
			},
			(error: unknown) => {
				signal.removeEventListener('abort', aborted);
				reject(error);
			},
		);
	});
}

/** Also an error that is thrown at once becomes a rejection. */
async function started<Result>(work: () => Result | Promise<Result>): Promise<Result> {
	return work();
}
