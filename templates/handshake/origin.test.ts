import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveWebSocketOptions } from '../options/options.ts';
import { domainMatcher } from './allowed-domains.ts';
import { isOriginAllowed } from './origin.ts';

/** Whether a site with these `allowedOrigins` accepts a handshake from a page of this origin. */
function isAllowed(
	origin: string | undefined,
	own: string | undefined,
	...allowedOrigins: string[]
): boolean {
	const resolved = resolveWebSocketOptions({ websocket: { allowedOrigins } });
	return isOriginAllowed(
		{ origin, own },
		{
			allowedOrigins: resolved.allowedOrigins,
			isAllowedDomain: domainMatcher([{ hostname: 'allowed.example.com' }]),
		},
	);
}

test('a client that sends no origin may connect', () => {
	assert.equal(isAllowed(undefined, 'https://example.com'), true);
});

test('the same origin may connect', () => {
	assert.equal(isAllowed('https://example.com', 'https://example.com'), true);
	assert.equal(isAllowed('http://localhost:4321', 'http://localhost:4321'), true);
});

test('an origin with another scheme, host or port may not connect', () => {
	assert.equal(isAllowed('https://example.com', 'http://example.com'), false);
	assert.equal(isAllowed('http://example.com', 'https://example.com'), false);
	assert.equal(isAllowed('https://evil.example', 'https://example.com'), false);
	assert.equal(isAllowed('https://example.com.evil.example', 'https://example.com'), false);
	assert.equal(isAllowed('http://localhost:3000', 'http://localhost:4321'), false);
	assert.equal(isAllowed('https://example.com', undefined), false);
});

test('the domains in security.allowedDomains may connect', () => {
	assert.equal(isAllowed('https://allowed.example.com', 'https://example.com'), true);
	// The entries describe sites.
	assert.equal(isAllowed('capacitor://allowed.example.com', 'https://example.com'), false);
});

for (const [entry, origin, others] of [
	['https://app.example.com', 'https://app.example.com', ['http://app.example.com']],
	['https://App.Example.com/', 'https://app.example.com', ['https://appxexample.com']],
	['https://app.example.com:443', 'https://app.example.com', ['https://app.example.com:444']],
	['http://[::1]:3000', 'http://[::1]:3000', ['http://[::1]']],
	['capacitor://localhost', 'capacitor://localhost', ['ionic://localhost', 'http://localhost']],
	['tauri://localhost', 'tauri://localhost', ['tauri://localhost.evil.example']],
	['file://', 'file://', ['null', 'https://example.org']],
	['null', 'null', ['https://null', 'https://nullx', '']],
	['chrome-extension://abcdef', 'chrome-extension://abcdef', ['chrome-extension://abcdefg']],
	[
		'https://*.example.com',
		'https://a.example.com',
		[
			'https://example.com',
			'https://a.b.example.com',
			'https://evilexample.com',
			'https://a.example.com.evil.example',
			'http://a.example.com',
			'https://a.example.com:8443',
		],
	],
	['https://*.example.com:8443', 'https://a.example.com:8443', ['https://a.example.com']],
	[
		'https://**.example.com',
		'https://a.b.example.com',
		['https://example.com', 'https://evilexample.com', 'https://.example.com'],
	],
	['https://**.example.com', 'https://a.example.com', []],
] as const satisfies readonly (readonly [string, string, readonly string[]])[]) {
	test(`${entry} allows ${origin}, and no similar origin`, () => {
		assert.equal(isAllowed(origin, 'https://own.example', entry), true);
		assert.equal(isAllowed(origin, 'https://own.example'), false);
		for (const other of others) {
			assert.equal(isAllowed(other, 'https://own.example', entry), false, other);
		}
	});
}

test('a malformed origin may not connect', () => {
	for (const origin of ['null', '', 'example.com', 'file:///x', 'https://a.com, https://b.com']) {
		assert.equal(isAllowed(origin, 'https://example.com'), false, origin);
	}
});
