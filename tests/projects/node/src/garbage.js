// JavaScript, because the site is checked without Node's types, like a site that lacks them.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** The memory in use after a garbage collection. */
export async function collected() {
	for (let round = 0; round < 4; round++) {
		collect();
		// Finalisers run in their own tasks.
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	const { heapUsed, external } = process.memoryUsage();
	const connections = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap');
	return { bytes: heapUsed + external, connections: connections.length };
}
