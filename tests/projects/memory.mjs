// Prints what a server needs, with the garbage collected, each time it is asked by a signal.
let answers = 0;
process.on('SIGUSR2', async () => {
	for (let round = 0; round < 4; round++) {
		globalThis.gc();
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	const { heapUsed, external, rss } = process.memoryUsage();
	console.log(`memory ${++answers} ${heapUsed + external} ${rss}`);
});
