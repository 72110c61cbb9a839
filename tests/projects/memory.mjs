// Prints what a server needs, with the garbage collected, each time it is asked by a signal: bytes on
// V8's heap and those that hang on it, and what the system has given the process.
let answers = 0;
process.on('SIGUSR2', async () => {
	for (let round = 0; round < 4; round++) {
		// As hard as V8 can, so that it gives back what it has reserved.
		globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	const { heapUsed, external, rss } = process.memoryUsage();
	console.log(`memory ${++answers} ${heapUsed + external} ${rss}`);
});
