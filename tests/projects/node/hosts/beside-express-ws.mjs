// `express-ws` takes every handshake.
import express from 'express';
import expressWs from 'express-ws';
import { attachWebSocket, handler } from '../dist/server/entry.mjs';

const app = express();
const server = app.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
expressWs(app, server);
app.ws('/other', (socket) => socket.send('the other server'));
app.use((request, response, next) => handler(request, response, next));
attachWebSocket(server, { filter: ({ url }) => !url.startsWith('/other') });
