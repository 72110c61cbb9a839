// Wrangler's test harness. It serves a build and can evict a Durable Object.
import { createTestHarness } from 'wrangler';

const harness = createTestHarness({
	root: process.cwd(),
	workers: [{ configPath: process.argv[2] }],
});
const { url } = await harness.listen();
process.on('SIGUSR2', async () => {
	const name = 'evicted';
	await harness.getWorker().evictDurableObject('Room', { name, webSockets: 'hibernate' });
	console.log(`there is no ${name} in memory`);
});
console.log(`listening ${url.port}`);
