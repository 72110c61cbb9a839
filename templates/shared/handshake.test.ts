import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HandshakeRequest, isWebSocketHandshake, tokens } from './handshake.ts';

const handshake: HandshakeRequest = {
	method: 'GET',
	upgrade: 'websocket',
	connection: 'keep-alive, Upgrade',
	key: 'dGhlIHNhbXBsZSBub25jZQ==',
	version: '13',
	hasBody: false,
};

test('a handshake is recognised, whatever the case of its tokens', () => {
	assert.equal(isWebSocketHandshake(handshake), true);
	assert.equal(isWebSocketHandshake({ ...handshake, upgrade: 'WebSocket' }), true);
	assert.equal(isWebSocketHandshake({ ...handshake, connection: 'UPGRADE' }), true);
});

const others: Record<string, Partial<HandshakeRequest>> = {
	HEAD: { method: 'HEAD' },
	POST: { method: 'POST' },
	h2c: { upgrade: 'h2c' },
	'no Upgrade header': { upgrade: undefined },
	'a Connection header without upgrade': { connection: 'keep-alive' },
	'no key': { key: undefined },
	'a key of the wrong length': { key: 'c2hvcnQ=' },
	'no version': { version: undefined },
	'another version': { version: '8' },
	'a body': { hasBody: true },
};

for (const [name, change] of Object.entries(others)) {
	test(`${name} makes it an ordinary request`, () => {
		assert.equal(isWebSocketHandshake({ ...handshake, ...change }), false);
	});
}

test('offers are split at commas', () => {
	assert.deepEqual(tokens('chat.v2, chat.v1,,'), ['chat.v2', 'chat.v1']);
	assert.deepEqual(tokens(undefined), []);
});
