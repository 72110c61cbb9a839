// `http-proxy` leaves no trace on a connection before its target has answered.
import { once } from 'node:events';
import { createServer } from 'node:http';
import httpProxy from 'http-proxy';
import { WebSocketServer } from 'ws';
import { attachWebSocket, handler } from '../dist/server/entry.mjs';

const behind = new WebSocketServer({ port: 0, host: '127.0.0.1' });
behind.on('connection', (socket) => socket.send('the other server'));
await once(behind, 'listening');
const proxy = httpProxy.createProxyServer({
	target: { host: '127.0.0.1', port: behind.address().port },
});
const server = createServer((request, response) => handler(request, response));
server.on('upgrade', (request, socket, head) => {
	if (isOther(request)) proxy.ws(request, socket, head);
});
// The site has a route for every path below `/wild`, including this one.
attachWebSocket(server, { filter: (request) => !isOther(request) });
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));

function isOther({ url }) {
	return url.startsWith('/wild/other') || url.startsWith('/other');
}
