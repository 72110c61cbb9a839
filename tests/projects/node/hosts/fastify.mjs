import middie from '@fastify/middie';
import Fastify from 'fastify';
import { attachWebSocket, handler } from '../dist/server/entry.mjs';
import { isChanged, plain } from './locals.mjs';

const app = Fastify();
app.get('/guarded', (_request, reply) => {
	reply.code(403).header('x-guard', 'host').send('guarded by the host');
});
app.get('/is-changed', () => String(isChanged(plain)));
await app.register(middie);
// Requests that match no route of Astro go on to Fastify's own routes.
app.use((request, response, next) => handler(request, response, next, plain));
await app.listen({ port: 0, host: '127.0.0.1' });
attachWebSocket(app.server);
console.log(`listening ${app.server.address().port}`);
