import { createServer } from 'node:http';
import connect from 'connect';
import { attachWebSocket, handler } from '../dist/server/entry.mjs';
import { isChanged, proxy } from './locals.mjs';

const app = connect();
app.use('/guarded', (_request, response) => {
	response.writeHead(403, { 'x-guard': 'host' }).end('guarded by the host');
});
app.use('/is-changed', (_request, response) => response.end(String(isChanged(proxy))));
app.use((request, response, next) => handler(request, response, next, proxy));

const server = createServer(app);
attachWebSocket(server);
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
