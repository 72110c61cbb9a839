// A `ws` server with a path rejects upgrades on other paths at once.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { attachWebSocket, handler } from '../dist/server/entry.mjs';

const server = createServer((request, response) => handler(request, response));
const others = new WebSocketServer({ server, path: '/other' });
others.on('connection', (socket) => socket.send('the other server'));
attachWebSocket(server, { filter: ({ url }) => !url.startsWith('/other') });
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
