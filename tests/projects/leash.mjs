// Ends a server when the test process that started it is gone, be it killed: its end of this pipe
// closes then.
import { isMainThread } from 'node:worker_threads';

// Threads are given it as well, and would be ended at once: the pipe is not theirs.
if (isMainThread) {
	// Deno runs the server when this module has nothing left to wait for.
	setTimeout(() => {
		process.stdin
			.on('end', () => process.exit())
			.on('error', () => process.exit())
			.resume();
		process.stdin.unref?.();
	}).unref();
}
