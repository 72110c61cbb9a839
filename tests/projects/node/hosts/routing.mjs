// A server that routes upgrades itself.
import { createServer } from 'node:http';
import { handler, upgrade } from '../dist/server/entry.mjs';

const server = createServer((request, response) => handler(request, response));
server.on('upgrade', (request, socket, head) => {
	if (request.url?.startsWith('/teapot')) {
		socket.end('HTTP/1.1 418 I am a teapot\r\nContent-Length: 0\r\n\r\n');
	} else if (request.url?.startsWith('/twice')) {
		upgrade(request, socket, head, { user: 'ada' });
		try {
			upgrade(request, socket, head, { user: 'ada' });
		} catch (error) {
			console.log(`thrown: ${error.message}`);
		}
	} else {
		upgrade(request, socket, head, { user: 'ada' });
	}
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
