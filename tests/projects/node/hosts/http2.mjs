// An HTTP/2 server that speaks HTTP/1.1 with WebSocket clients.
import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { attachWebSocket, handler } from '../dist/server/entry.mjs';

const { SERVER_CERT_PATH, SERVER_KEY_PATH } = process.env;
const server = createSecureServer(
	{ allowHTTP1: true, cert: readFileSync(SERVER_CERT_PATH), key: readFileSync(SERVER_KEY_PATH) },
	(request, response) => handler(request, response),
);
attachWebSocket(server);
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
