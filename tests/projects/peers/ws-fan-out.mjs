import { WebSocketServer } from 'ws';

const listeners = new Set();
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 1024 * 1024 });
server.on('connection', (socket, request) => {
	if (request.url === '/listener') {
		listeners.add(socket);
		socket.on('close', () => listeners.delete(socket));
	} else {
		socket.on('message', (data) => {
			const text = data.toString();
			for (const listener of listeners) listener.send(text);
		});
	}
});
server.on('listening', () => console.log(`listening ${server.address().port}`));
