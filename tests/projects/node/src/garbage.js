// JavaScript, because the site is checked without Node's types, as one without them would be.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** What is in use once the garbage is collected. */
export async function collected() {
	for (let round = 0; round < 4; round++) {
		collect();
		// Finalisers run in tasks of their own.
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	const { heapUsed, external } = process.memoryUsage();
	const connections = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap');
	return { bytes: heapUsed + external, connections: connections.length };
}
