import websocket from '@fastify/websocket';
import Fastify from 'fastify';

const app = Fastify();
await app.register(websocket, { options: { maxPayload: 1024 * 1024 } });
app.get('/echo', { websocket: true }, (socket) => {
	socket.on('message', (data, binary) => socket.send(data, { binary }));
});
await app.listen({ port: 0, host: '127.0.0.1' });
console.log(`listening ${app.server.address().port}`);
