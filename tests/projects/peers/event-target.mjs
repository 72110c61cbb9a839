// A minimal browser interface over `ws`, as in astro-node-websocket.
import { WebSocketServer } from 'ws';

class Socket extends EventTarget {
	#socket;

	constructor(socket) {
		super();
		this.#socket = socket;
		socket.on('message', (data, isBinary) => {
			const event = new MessageEvent('message', { data: isBinary ? data : data.toString() });
			this.dispatchEvent(event);
		});
		socket.on('close', () => this.dispatchEvent(new Event('close')));
	}

	send(data) {
		this.#socket.send(data);
	}
}

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 1024 * 1024 });
server.on('connection', (connection) => {
	const socket = new Socket(connection);
	socket.addEventListener('message', ({ data }) => socket.send(data));
});
server.on('listening', () => console.log(`listening ${server.address().port}`));
