// Answers the frames of `zastro-realtime.v1` with nothing behind them: no channels, no schema, no
// claims. Each message is parsed, and answered with its number and data.
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
server.on('connection', (socket) => {
	socket.on('message', (message) => {
		const [type, ref, id, , data] = JSON.parse(message.toString());
		if (type === 'send') socket.send(JSON.stringify(['reply', ref, id, data]));
		else if (type === 'join') socket.send(JSON.stringify(['joined', ref, ref, {}]));
		else socket.send('["welcome",{}]');
	});
});
server.on('listening', () => console.log(`listening ${server.address().port}`));
