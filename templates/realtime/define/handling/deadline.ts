import { timedOut } from '../api/errors.ts';
import type { Runtime } from '../api/runtime.ts';

/**
 * The result of work, if it comes in time. Late results and errors are dropped.
 *
 * @throws RealtimeError `TIMEOUT`
 */
export async function within<Result>(
	runtime: Pick<Runtime, 'alarm' | 'enter'>,
	milliseconds: number,
	what: string,
	work: () => Result | Promise<Result>,
): Promise<Result> {
	let cancel = (): void => {};
	const late = new Promise<never>((_, reject) => {
		cancel = runtime.alarm(milliseconds, () => reject(timedOut(what)));
	});
	try {
		return await Promise.race([started(runtime, work), late]);
	} finally {
		cancel();
	}
}

/** Also an error that is thrown at once becomes a rejection. */
async function started<Result>(
	runtime: Pick<Runtime, 'enter'>,
	work: () => Result | Promise<Result>,
): Promise<Result> {
	return runtime.enter === undefined ? work() : runtime.enter(work);
}
