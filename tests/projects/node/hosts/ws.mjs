// `ws` by itself, the baseline for comparisons.
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 32 * 1024 * 1024 });
server.on('connection', (socket) => {
	socket.on('error', () => {});
	socket.on('message', (data, binary) => socket.send(data, { binary }));
});
server.on('listening', () => console.log(`listening ${server.address().port}`));
