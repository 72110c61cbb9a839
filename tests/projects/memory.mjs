// On each signal, collects garbage and prints the memory of a server in bytes: that on V8's heap and
// what is held by it, the resident set of the process, and the largest one before the collection.
let answers = 0;
process.on('SIGUSR2', async () => {
	// Kilobytes (getrusage(2)).
	const most = process.resourceUsage().maxRSS * 1024;
	for (let round = 0; round < 4; round++) {
		// The most thorough collection, so that V8 also returns reserved memory.
		globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	const { heapUsed, external, rss } = process.memoryUsage();
	console.log(`memory ${++answers} ${heapUsed + external} ${rss} ${most}`);
});
