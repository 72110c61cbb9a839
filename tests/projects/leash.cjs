// Ends a server when the test process that started it is gone, be it killed: its end of this pipe
// closes then. CommonJS, because the oldest Node.js that Astro 4 runs on has no `--import`.
const { Socket } = require('node:net');
const { isMainThread } = require('node:worker_threads');

// Threads are given it as well, and would be ended at once: the pipe is not theirs.
if (isMainThread) {
	// `process.stdin` of Deno cannot be told to let the process end by itself, and an unreferenced
	// socket of Bun hears nothing.
	const pipe = 'unref' in process.stdin ? process.stdin : new Socket({ fd: 0, writable: false });
	pipe
		.on('end', () => process.exit())
		.on('error', () => process.exit())
		.resume()
		.unref();
}
