import { createServer } from 'node:http';
import crossws from 'crossws/adapters/node';

const sockets = crossws({
	hooks: {
		message: (peer, message) =>
			peer.send(typeof message.rawData === 'string' ? message.text() : message.uint8Array()),
	},
});
const server = createServer();
server.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head));
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
