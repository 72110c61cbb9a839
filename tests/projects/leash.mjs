// Ends a server when the test process that started it is gone, be it killed: its end of this pipe
// closes then.
process.stdin
	.on('end', () => process.exit())
	.on('error', () => process.exit())
	.resume();
process.stdin.unref?.();
