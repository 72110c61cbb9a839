// A room that everyone joins. With the argument `recovery`, clients that come back get what they
// missed.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const server = createServer();
const rooms = new Server(server, {
	transports: ['websocket'],
	serveClient: false,
	// Idle members do not answer.
	pingInterval: 600_000,
	...(process.argv[2] === 'recovery' && { connectionStateRecovery: {} }),
});
rooms.on('connection', (socket) => {
	if (socket.handshake.query.publishes !== 'yes') socket.join('room');
	socket.on('publish', (text) => rooms.to('room').emit('said', { text }));
	socket.on('echo', (data, answer) => answer(data));
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
