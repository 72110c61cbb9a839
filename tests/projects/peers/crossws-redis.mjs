// A topic that everyone subscribes to, on several processes that share a channel of Redis.
import { createServer } from 'node:http';
import crossws from 'crossws/adapters/node';
import { redis } from 'crossws/sync';
import { Redis } from 'ioredis';

const sockets = crossws({
	sync: redis({ client: new Redis(process.env.REDIS_URL), channel: 'crossws' }),
	hooks: {
		open: (peer) => {
			if (new URL(peer.request.url).pathname === '/listener') peer.subscribe('room');
		},
		message: (_peer, message) => sockets.publish('room', message.text()),
	},
});
const server = createServer();
server.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head));
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
