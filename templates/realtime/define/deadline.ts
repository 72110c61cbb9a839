import type { HandlerDeadline } from '../channel/handler-deadline.ts';
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
 * The result of work, if it comes before the deadline ends.
 *
 * @throws RealtimeError `TIMEOUT`, or the deadline's reason if that is a `RealtimeError`.
 */
export async function before<Result>(
	deadline: HandlerDeadline,
	what: string,
	work: () => Result | Promise<Result>,
): Promise<Result> {
	const reason = (): unknown =>
		isRealtimeError(deadline.reason) ? deadline.reason : timedOut(what);
	if (deadline.isOver) throw reason();
	return await new Promise<Result>((resolve, reject) => {
		const cancel = deadline.onEnd(() => reject(reason()));
		started(work).then(
			(result) => {
				cancel();
				resolve(result);
			},
			(error: unknown) => {
				cancel();
				reject(error);
			},
		);
	});
}

/** Also an error that is thrown at once becomes a rejection. */
async function started<Result>(work: () => Result | Promise<Result>): Promise<Result> {
	return work();
}
