import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { announceClose, headerLines } from './header-lines.ts';

const respond = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()));

test('headers of the response and of writeHead() are merged, and those of writeHead() win', () => {
	const response = respond();
	response.setHeader('X-One', 'set');
	response.setHeader('X-Two', 'set');
	assert.deepEqual(headerLines(response, [{ 'x-two': 'given' }]), [
		['x-one', 'set'],
		['x-two', 'given'],
	]);
});

test('every form of headers accepted by writeHead() is read', () => {
	const expected = [['a', '1']];
	assert.deepEqual(headerLines(respond(), [{ a: '1' }]), expected);
	assert.deepEqual(headerLines(respond(), ['Switching Protocols', { a: 1 }]), expected);
	assert.deepEqual(headerLines(respond(), [undefined, { a: '1' }]), expected);
	assert.deepEqual(headerLines(respond(), [['a', '1']]), expected);
	assert.deepEqual(headerLines(respond(), [[['a', '1']]]), expected);
	assert.deepEqual(headerLines(respond(), []), []);
});

test('each cookie keeps its own line', () => {
	const lines = [
		['set-cookie', 'a=1'],
		['set-cookie', 'b=2'],
	];
	assert.deepEqual(headerLines(respond(), [{ 'set-cookie': ['a=1', 'b=2'] }]), lines);
	assert.deepEqual(headerLines(respond(), [['set-cookie', 'a=1', 'set-cookie', 'b=2']]), lines);
});

test('headers of a body and of the handshake are removed', () => {
	const headers = {
		'Content-Type': 'text/html',
		'Content-Length': '0',
		'Transfer-Encoding': 'chunked',
		Connection: 'close',
		'Sec-WebSocket-Accept': 'forged',
		'X-Kept': 'yes',
	};
	assert.deepEqual(headerLines(respond(), [headers]), [['X-Kept', 'yes']]);
});

test('a value cannot inject header lines', () => {
	assert.throws(() => headerLines(respond(), [{ a: 'x\r\nb: y' }]), { code: 'ERR_INVALID_CHAR' });
});

test('a closing response adds close to the Connection options set by the site', () => {
	const given = { Connection: 'Upgrade', a: '1' };
	const expected = { Connection: 'Upgrade, close', a: '1' };
	assert.deepEqual(announceClose(respond(), [given]), [expected]);
	assert.deepEqual(announceClose(respond(), ['Nowhere', given]), ['Nowhere', expected]);
	assert.deepEqual(announceClose(respond(), [undefined, given]), [expected]);
	const inTurn = ['connection', 'Keep-Alive'];
	assert.deepEqual(announceClose(respond(), [inTurn]), [['connection', 'close']]);
	assert.deepEqual(announceClose(respond(), [[inTurn]]), [['connection', 'close']]);
	assert.deepEqual(announceClose(respond(), [{ a: '1' }]), [{ a: '1' }]);

	const response = respond();
	response.setHeader('Connection', 'Upgrade');
	assert.deepEqual(announceClose(response, []), []);
	assert.equal(response.getHeader('connection'), 'Upgrade, close');
});
