import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHandshake } from './handshake.ts';

const HANDSHAKE = {
	connection: 'Upgrade',
	upgrade: 'websocket',
	'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
	'sec-websocket-version': '13',
};

interface Parts {
	readonly method: string;
	readonly url: string;
	readonly headers: Headers;
}

/** Node's `Request` rejects the headers of handshakes. */
function request(headers: Record<string, string>, parts: Partial<Parts> = {}): Request {
	const whole: Parts = {
		method: 'GET',
		url: 'https://example.com/',
		headers: new Headers(headers),
		...parts,
	};
	return whole as Request;
}

test('a handshake is recognised in any letter case', () => {
	assert.equal(isHandshake(request(HANDSHAKE)), true);
	assert.equal(isHandshake(request({ ...HANDSHAKE, upgrade: 'WebSocket' })), true);
});

test('a handshake from another Worker is recognised by its Upgrade header alone', () => {
	assert.equal(isHandshake(request({ upgrade: 'websocket' })), true);
});

for (const [name, headers] of Object.entries({
	'no Upgrade header': {},
	h2c: { ...HANDSHAKE, upgrade: 'h2c' },
	'a key of the wrong length': { ...HANDSHAKE, 'sec-websocket-key': 'c2hvcnQ=' },
	'another version': { ...HANDSHAKE, 'sec-websocket-version': '8' },
})) {
	test(`${name} makes it an ordinary request`, () => {
		assert.equal(isHandshake(request(headers)), false);
	});
}

test('another method makes it an ordinary request', () => {
	assert.equal(isHandshake(request(HANDSHAKE, { method: 'POST' })), false);
});
