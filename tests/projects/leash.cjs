// Ends a server when its test process is gone, even if that was killed: this pipe closes then. It
// is CommonJS because the oldest Node.js for Astro 4 has no `--import`.
const { Socket } = require('node:net');
const { isMainThread } = require('node:worker_threads');

// Worker threads load this file as well. The pipe does not belong to them, so they would end at
// once.
if (isMainThread) {
	// Deno's `process.stdin` cannot be unreferenced, and an unreferenced socket in Bun gets no
	// events.
	const pipe = 'unref' in process.stdin ? process.stdin : new Socket({ fd: 0, writable: false });
	pipe
		.on('end', () => process.exit())
		.on('error', () => process.exit())
		.resume()
		.unref();
}
