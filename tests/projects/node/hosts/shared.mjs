// A server with three `upgrade` listeners: Socket.IO, another `ws` server, and the site.
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { WebSocketServer } from 'ws';
import { attachWebSocket, handler } from '../dist/server/entry.mjs';

const server = createServer((request, response) => {
	if (request.url === '/detach') {
		attached.detach();
		response.end('detached');
		return;
	}
	handler(request, response);
});
const attached = attachWebSocket(server);

new Server(server, { destroyUpgrade: false });

const others = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
	if (request.url !== '/other') return;
	others.handleUpgrade(request, socket, head, (other) => other.send('the other server'));
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
