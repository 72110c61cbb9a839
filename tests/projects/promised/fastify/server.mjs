// Fastify on a custom server, with the site and its WebSockets behind Fastify's own routes.
import { createServer } from 'node:http';
import middie from '@fastify/middie';
import Fastify from 'fastify';
import { attachWebSocket, handler } from './dist/server/entry.mjs';

const app = Fastify({ serverFactory: (handle) => createServer(handle) });
app.get('/fastify', (_request, reply) => {
	reply.send('a route of Fastify');
});
await app.register(middie);
app.use(handler);
attachWebSocket(app.server);
await app.listen({ port: 0, host: '127.0.0.1' });
console.log(`listening ${app.server.address().port}`);
