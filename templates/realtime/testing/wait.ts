/** Waiting in real time, whatever the clock of a test says. */

// Tests may replace the timers of the global object.
const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;

/** Milliseconds until a wait of a test fails. */
export const DEFAULT_TIMEOUT = 1000;

/** Lets everything happen that waits for no clock and no other process. */
export async function settle(): Promise<void> {
	// A message takes some turns through the client, the link, the channel and back.
	for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => startTimer(resolve, 0));
}

/**
 * Resolves with what `begin` gives its callback.
 *
 * @param begin Starts to listen, and returns what ends it.
 * @param describe Makes the message of the error after the timeout.
 */
export async function waitFor<Value>(
	timeout: number,
	begin: (resolve: (value: Value) => void, reject: (error: unknown) => void) => () => void,
	describe: () => string,
): Promise<Value> {
	// Taken here, where the test is still on the stack.
	const { stack } = new Error();
	return await new Promise<Value>((resolve, reject) => {
		let end = (): void => {};
		let isOver = false;
		const settleWith = (done: () => void): void => {
			if (isOver) return;
			isOver = true;
			stopTimer(timer);
			end();
			done();
		};
		const timer = startTimer(() => {
			settleWith(() => reject(errorAt(describe(), stack)));
		}, timeout);
		end = begin(
			(value) => settleWith(() => resolve(value)),
			(error) => settleWith(() => reject(error)),
		);
		if (isOver) end();
	});
}

/** An error with the stack of an earlier one. */
function errorAt(message: string, stack: string | undefined): Error {
	const error = new Error(message);
	const frames = stack?.slice(stack.indexOf('\n')) ?? '';
	error.stack = `Error: ${message}${frames}`;
	return error;
}
