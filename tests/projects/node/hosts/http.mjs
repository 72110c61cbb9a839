import { createServer } from 'node:http';
import { attachWebSocket, handler } from '../dist/server/entry.mjs';
import { frozenInstance, isChanged } from './locals.mjs';

const server = createServer((request, response) => {
	if (request.url === '/guarded') {
		response.writeHead(403, { 'x-guard': 'host' }).end('guarded by the host');
		return;
	}
	if (request.url === '/is-changed') {
		response.end(String(isChanged(frozenInstance)));
		return;
	}
	handler(request, response, undefined, frozenInstance);
});
attachWebSocket(server);
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
