// On each signal, collects garbage and prints the memory of a server: bytes on V8's heap and those
// held by it, and the resident set of the process.
let answers = 0;
process.on('SIGUSR2', async () => {
	for (let round = 0; round < 4; round++) {
		// The most thorough collection, so that V8 also returns reserved memory.
		globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	const { heapUsed, external, rss } = process.memoryUsage();
	console.log(`memory ${++answers} ${heapUsed + external} ${rss}`);
});
