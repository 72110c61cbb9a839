// A site mounted below a path of an application, and below a rewritten path. Beside it, another
// listener does an asynchronous lookup before it handles a handshake.
import { setTimeout as wait } from 'node:timers/promises';
import express from 'express';
import { WebSocketServer } from 'ws';
import { attachWebSocket, handler } from '../dist/server/entry.mjs';

const app = express();
app.use('/site', (request, response, next) =>
	handler(request, response, next, { user: `at ${request.baseUrl}` }),
);
app.use((request, _response, next) => {
	if (request.url.startsWith('/old-')) request.url = `/${request.url.slice('/old-'.length)}`;
	next();
});
app.use((request, response, next) => {
	if (request.originalUrl.startsWith('/old-')) handler(request, response, next);
	else next();
});

const server = app.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
const others = new WebSocketServer({ noServer: true });
server.on('upgrade', async (request, socket, head) => {
	if (request.url !== '/other') return;
	await wait(200);
	others.handleUpgrade(request, socket, head, (other) => other.send('the other server'));
});
attachWebSocket(server);
