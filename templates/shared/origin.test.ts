import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOriginAllowed, type OriginPolicy } from './origin.ts';

const policy: OriginPolicy = {
	allowedOrigins: ['https://app.example.com'],
	allowedDomains: [{ hostname: 'allowed.example.com' }],
};

const isAllowed = (origin: string | undefined, host: string | undefined): boolean =>
	isOriginAllowed({ origin, host }, policy);

test('a client that sends no origin may connect', () => {
	assert.equal(isAllowed(undefined, 'example.com'), true);
});

test('the same host may connect, with its port and whatever the scheme', () => {
	assert.equal(isAllowed('https://example.com', 'example.com'), true);
	assert.equal(isAllowed('http://localhost:4321', 'localhost:4321'), true);
	assert.equal(isAllowed('https://example.com', 'example.com:443'), true);
	assert.equal(isAllowed('https://example.com', 'EXAMPLE.com'), true);
});

test('another host or port may not', () => {
	assert.equal(isAllowed('https://evil.example', 'example.com'), false);
	assert.equal(isAllowed('https://example.com.evil.example', 'example.com'), false);
	assert.equal(isAllowed('http://localhost:3000', 'localhost:4321'), false);
	assert.equal(isAllowed('https://example.com', undefined), false);
});

test('both lists of the configuration may connect', () => {
	assert.equal(isAllowed('https://app.example.com', 'example.com'), true);
	assert.equal(isAllowed('https://allowed.example.com', 'example.com'), true);
	assert.equal(isAllowed('http://app.example.com', 'example.com'), false);
});

test('an origin that is none may not', () => {
	for (const origin of ['null', '', 'example.com', 'file:///x', 'https://a.com, https://b.com']) {
		assert.equal(isAllowed(origin, 'example.com'), false, origin);
	}
});
