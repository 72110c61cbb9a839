import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAcceptResponse } from './accept-response.ts';

test('the response is a genuine Response with status 101', () => {
	const response = createAcceptResponse({ 'x-own': 'yes' });
	assert.equal(Object.getPrototypeOf(response), Response.prototype);
	assert.deepEqual(
		[response.status, response.statusText, response.ok, response.body],
		[101, 'Switching Protocols', false, null],
	);
	assert.equal(response.headers.get('x-own'), 'yes');
});

test('middleware can still change its headers', () => {
	const response = createAcceptResponse(undefined);
	response.headers.append('set-cookie', 'a=1');
	response.headers.append('set-cookie', 'b=2');
	assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
});

test('caches do not reuse it for a page view or another handshake', () => {
	const { headers } = createAcceptResponse({ vary: 'Accept' });
	assert.equal(headers.get('vary'), 'Accept, Sec-WebSocket-Key');
});

test('a clone accepts as well, with the headers at the time of cloning', () => {
	const response = createAcceptResponse({ 'x-own': 'yes' });
	response.headers.append('set-cookie', 'a=1');
	const clone = response.clone();
	response.headers.append('set-cookie', 'b=2');
	assert.deepEqual([clone.status, clone.ok, clone.body], [101, false, null]);
	assert.deepEqual(
		[...clone.headers],
		[
			['set-cookie', 'a=1'],
			['vary', 'Sec-WebSocket-Key'],
			['x-own', 'yes'],
		],
	);
	assert.equal(clone.clone().status, 101);
});
