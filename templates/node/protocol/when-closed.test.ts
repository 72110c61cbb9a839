import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { type Closer, whenClosed } from './when-closed.ts';

test('all closers are called once, by one listener', async () => {
	const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
	const before = socket.listenerCount('close');
	const called: number[] = [];
	for (const number of [1, 2, 3]) {
		const closer: Closer = { nextCloser: undefined, onClose: () => called.push(number) };
		whenClosed(socket, closer);
	}
	assert.equal(socket.listenerCount('close'), before + 1);
	socket.destroy();
	await once(socket, 'close');
	assert.deepEqual(called, [3, 2, 1]);
});
