import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { clientAddress, clientScheme, limitKey, proxyList } from './client-address.ts';

function request(remoteAddress: string | undefined, forwarded?: string): IncomingMessage {
	const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress });
	const made = new IncomingMessage(socket);
	if (forwarded !== undefined) made.headers['x-forwarded-for'] = forwarded;
	return made;
}

const proxies = proxyList(['10.0.0.0/8', '2001:db8:1::/48', '::1']);

const cases: [sentence: string, request: IncomingMessage, address: string][] = [
	['the address is that of the connection', request('192.0.2.1'), '192.0.2.1'],
	['an IPv4-mapped address becomes the IPv4 address', request('::ffff:192.0.2.1'), '192.0.2.1'],
	[
		'an untrusted peer cannot forward an address',
		request('192.0.2.1', '198.51.100.7'),
		'192.0.2.1',
	],
	['a trusted proxy can forward an address', request('10.1.2.3', '198.51.100.7'), '198.51.100.7'],
	[
		'a trusted proxy with an IPv4-mapped address can forward an address',
		request('::ffff:10.1.2.3', '198.51.100.7'),
		'198.51.100.7',
	],
	[
		'a trusted proxy with an IPv6 address can forward an address',
		request('2001:db8:1::9', '2001:DB8:2::7'),
		'2001:db8:2::7',
	],
	[
		'trusted proxies in the header are skipped',
		request('10.1.2.3', '198.51.100.7, 10.9.9.9, ::1'),
		'198.51.100.7',
	],
	[
		'an address written by the client is ignored',
		request('10.1.2.3', '203.0.113.5, 198.51.100.7, 10.9.9.9'),
		'198.51.100.7',
	],
	['a trusted proxy without the header is the client', request('10.1.2.3'), '10.1.2.3'],
	['an invalid address ends the search', request('10.1.2.3', '198.51.100.7, unknown'), '10.1.2.3'],
	['ports are removed', request('10.1.2.3', '198.51.100.7:4711'), '198.51.100.7'],
	['brackets are removed', request('10.1.2.3', '[2001:db8:2::7]:4711'), '2001:db8:2::7'],
	['a connection over a Unix socket has no address', request(undefined, '198.51.100.7'), ''],
];

for (const [sentence, given, address] of cases) {
	test(sentence, () => assert.equal(clientAddress(given, proxies), address));
}

const https = Object.assign(new Socket(), { encrypted: true });

const schemes: [
	sentence: string,
	remote: string,
	headers: Record<string, string>,
	scheme: string,
][] = [
	['without a header the scheme is that of the connection', '10.1.2.3', {}, 'http'],
	[
		'the header of an untrusted peer is ignored',
		'192.0.2.1',
		{ 'x-forwarded-proto': 'https' },
		'http',
	],
	['a trusted proxy can set the scheme', '10.1.2.3', { 'x-forwarded-proto': 'https' }, 'https'],
	[
		'a trusted proxy can set a WebSocket scheme',
		'10.1.2.3',
		{ 'x-forwarded-proto': 'wss' },
		'https',
	],
	['the first value counts', '10.1.2.3', { 'x-forwarded-proto': 'https, http' }, 'https'],
	[
		'the Forwarded header of RFC 7239 works as well',
		'10.1.2.3',
		{ forwarded: 'for=192.0.2.1;proto=https' },
		'https',
	],
	[
		'values in the Forwarded header may be quoted',
		'10.1.2.3',
		{ forwarded: 'Proto="https";by=_a, proto=http' },
		'https',
	],
	[
		'a parameter that only ends in "proto" is ignored',
		'10.1.2.3',
		{ forwarded: 'xproto=https' },
		'http',
	],
];

for (const [sentence, remote, headers, scheme] of schemes) {
	test(sentence, () => {
		const given = request(remote);
		Object.assign(given.headers, headers);
		assert.equal(clientScheme(given, proxies), scheme);
	});
}

test('the scheme of a connection with TLS is https', () => {
	assert.equal(clientScheme(new IncomingMessage(https), proxies), 'https');
});

test('limits count IPv6 addresses by their /64', () => {
	assert.equal(limitKey('2001:db8:0:7:1:2:3:4'), '2001:db8:0:7::/64');
	assert.equal(limitKey('2001:0db8::7:0:0:0:1'), limitKey('2001:db8:0:7::2'));
	assert.notEqual(limitKey('2001:db8:0:7::1'), limitKey('2001:db8:0:8::1'));
	assert.equal(limitKey('::1'), '0:0:0:0::/64');
	assert.equal(limitKey('192.0.2.1'), '192.0.2.1');
	assert.equal(limitKey('::ffff:192.0.2.1'), '192.0.2.1');
	assert.equal(limitKey('fe80::1%eth0'), 'fe80:0:0:0::/64');
	assert.equal(limitKey('not an address'), 'not an address');
});
