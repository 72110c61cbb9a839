// The standalone server beside a `ws` server that rejects upgrades on other paths at once.
import { WebSocketServer } from 'ws';
import { attachWebSocket, startServer } from '../dist/server/entry.mjs';

const { server } = startServer();
const others = new WebSocketServer({ server: server.server, path: '/other' });
others.on('connection', (socket) => socket.send('the other server'));
attachWebSocket(server, { filter: ({ url }) => !url.startsWith('/other') });
