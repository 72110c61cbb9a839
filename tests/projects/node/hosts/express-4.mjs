import express from 'express-4';
import { attachWebSocket, handler } from '../dist/server/entry.mjs';
import { frozen, isChanged } from './locals.mjs';

const app = express();
app.get('/guarded', (_request, response) => {
	response.status(403).set('x-guard', 'host').send('guarded by the host');
});
app.get('/is-changed', (_request, response) => response.send(String(isChanged(frozen))));
app.use(express.static('dist/client'));
app.use((request, response, next) => handler(request, response, next, frozen));

const server = app.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
attachWebSocket(server);
