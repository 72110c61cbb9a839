// `@fastify/websocket` takes every handshake.
import middie from '@fastify/middie';
import websocket from '@fastify/websocket';
import Fastify from 'fastify';
import { attachWebSocket, handler } from '../dist/server/entry.mjs';

const app = Fastify();
await app.register(websocket);
await app.register(middie);
app.use((request, response, next) => handler(request, response, next));
app.register(async (scope) => {
	scope.get('/other', { websocket: true }, (socket) => socket.send('the other server'));
});
attachWebSocket(app, { filter: ({ url }) => !url.startsWith('/other') });
await app.listen({ port: 0, host: '127.0.0.1' });
console.log(`listening ${app.server.address().port}`);
