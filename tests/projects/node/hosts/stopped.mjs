// A program that starts the standalone server itself and stops it on request.
import { startServer } from '../dist/server/entry.mjs';

const { server, done } = startServer();
process.once('SIGUSR2', async () => {
	await server.stop();
	await done;
	console.log('stopped');
});
