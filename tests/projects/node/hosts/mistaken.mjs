// Invalid calls. A plain request returns the error that each has thrown.
import { createServer } from 'node:http';
import connect from 'connect';
import express from 'express';
import { attachWebSocket, handler } from '../dist/server/entry.mjs';

const calls = {
	express: () => attachWebSocket(express()),
	connect: () => attachWebSocket(connect()),
	nothing: () => attachWebSocket(),
	filter: () => attachWebSocket(server, { filter: '/chat' }),
};

const server = createServer((request, response) => {
	const call = calls[request.url.slice(1)];
	if (call === undefined) {
		handler(request, response);
		return;
	}
	try {
		call();
		response.end('nothing was thrown');
	} catch (error) {
		response.end(`${error.name}: ${error.message}`);
	}
});
attachWebSocket(server);
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
