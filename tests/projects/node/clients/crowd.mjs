// Clients in a separate process that the test kills: `crowd.mjs <url> <count>`.
import { once } from 'node:events';
import { WebSocket } from 'ws';

const [url, count] = process.argv.slice(2);
await Promise.all(
	Array.from({ length: Number(count) }, async () => {
		await once(new WebSocket(url), 'open');
	}),
);
console.log('listening 1');
