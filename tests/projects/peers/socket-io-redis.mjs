// A room that everyone joins, on several processes that share a stream of Redis.
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';

const server = createServer();
const rooms = new Server(server, {
	adapter: createAdapter(new Redis(process.env.REDIS_URL)),
	transports: ['websocket'],
	serveClient: false,
	// Idle members do not answer.
	pingInterval: 600_000,
});
rooms.on('connection', (socket) => {
	if (socket.handshake.query.publishes !== 'yes') socket.join('room');
	socket.on('publish', (text) => rooms.to('room').emit('said', { text }));
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
