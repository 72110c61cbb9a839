import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
	asksForWebSocket,
	type HandshakeRequest,
	isWebSocketHandshake,
	malformation,
	tokens,
} from './handshake.ts';

const handshake: HandshakeRequest = {
	method: 'GET',
	upgrade: 'websocket',
	connection: 'keep-alive, Upgrade',
	key: 'dGhlIHNhbXBsZSBub25jZQ==',
	version: '13',
	protocols: 'chat',
	hasBody: false,
};

test('a handshake is recognised in any letter case', () => {
	assert.equal(isWebSocketHandshake(handshake), true);
	assert.equal(isWebSocketHandshake({ ...handshake, upgrade: 'WebSocket' }), true);
	assert.equal(isWebSocketHandshake({ ...handshake, connection: 'UPGRADE' }), true);
});

const ordinary: Record<string, Partial<HandshakeRequest>> = {
	HEAD: { method: 'HEAD' },
	POST: { method: 'POST' },
	h2c: { upgrade: 'h2c' },
	'no Upgrade header': { upgrade: undefined },
	'a Connection header without upgrade': { connection: 'keep-alive' },
	'a body': { hasBody: true },
};

for (const [name, change] of Object.entries(ordinary)) {
	test(`${name} makes it an ordinary request`, () => {
		assert.equal(asksForWebSocket({ ...handshake, ...change }), false);
		assert.equal(isWebSocketHandshake({ ...handshake, ...change }), false);
	});
}

const malformed: Record<string, [status: number, change: Partial<HandshakeRequest>]> = {
	'no key': [400, { key: undefined }],
	'a key of the wrong length': [400, { key: 'c2hvcnQ=' }],
	'no version': [426, { version: undefined }],
	'an earlier version': [426, { version: '8' }],
	'an unknown version': [426, { version: '99' }],
	'a version twice': [426, { version: '13, 13' }],
	'neither a version nor a key': [426, { version: undefined, key: undefined }],
	'a subprotocol with a space': [400, { protocols: 'chat room' }],
	'a subprotocol in quotes': [400, { protocols: '"chat"' }],
	'a subprotocol outside ASCII': [400, { protocols: 'ch\u00e4t' }],
	'a subprotocol twice': [400, { protocols: 'chat, other, chat' }],
};

for (const [name, [status, change]] of Object.entries(malformed)) {
	test(`${name} makes it a malformed handshake`, () => {
		const request = { ...handshake, ...change };
		assert.equal(asksForWebSocket(request), true);
		assert.equal(malformation(request)?.status, status);
		assert.equal(isWebSocketHandshake(request), false);
	});
}

test('the response to an unsupported version names the supported one', () => {
	const refusal = malformation({ ...handshake, version: '8' });
	assert.deepEqual(refusal?.headers, {
		Connection: 'Upgrade, close',
		Upgrade: 'websocket',
		'Sec-WebSocket-Version': '13',
	});
});

test('any token is a valid subprotocol', () => {
	for (const protocols of ['chat.v2, Chat.v2', 'a,,b', '', "!#$%&'*+-.^_`|~0aA"]) {
		assert.equal(malformation({ ...handshake, protocols }), undefined, protocols);
	}
});

test('offered subprotocols are split at commas', () => {
	assert.deepEqual(tokens('chat.v2, chat.v1,,'), ['chat.v2', 'chat.v1']);
	assert.deepEqual(tokens(undefined), []);
});
