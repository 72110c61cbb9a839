import { WebSocketServer } from 'ws';

const listeners = new Set();
// These get the same frames without `ws`, made once for all.
const streams = new Set();
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 1024 * 1024 });
server.on('connection', (socket, request) => {
	if (request.url === '/listener') join(listeners, socket, socket);
	else if (request.url === '/stream') join(streams, request.socket, socket);
	else {
		socket.on('message', (data) => {
			const text = data.toString();
			for (const listener of listeners) listener.send(text);
			if (streams.size === 0) return;
			// The load sends less than 126 bytes.
			const frame = Buffer.from([0x81, data.length, ...data]);
			for (const stream of streams) stream.write(frame);
		});
	}
});
server.on('listening', () => console.log(`listening ${server.address().port}`));

function join(group, member, socket) {
	group.add(member);
	socket.on('close', () => group.delete(member));
}
