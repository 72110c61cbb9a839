// A Fastify application that closes on a plain request.
import middie from '@fastify/middie';
import Fastify from 'fastify';
import { attachWebSocket, handler, shutdown } from '../dist/server/entry.mjs';

const app = Fastify();
await app.register(middie);
app.use('/', (request, response, next) => {
	if (request.url !== '/close') handler(request, response, next);
	else next();
});
app.get('/close', () => {
	setImmediate(() => app.close().then(() => console.log('closed')));
	return 'closing';
});
if (process.env.HOOK === 'direct') app.addHook('preClose', shutdown);
if (process.env.HOOK === 'options') app.addHook('preClose', () => shutdown({ timeout: 1000 }));
attachWebSocket(app);
await app.listen({ port: 0, host: '127.0.0.1' });
console.log(`listening ${app.server.address().port}`);
