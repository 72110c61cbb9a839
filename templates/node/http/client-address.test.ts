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
	['a mapped address is the IPv4 address', request('::ffff:192.0.2.1'), '192.0.2.1'],
	['a stranger cannot forward', request('192.0.2.1', '198.51.100.7'), '192.0.2.1'],
	['a trusted proxy can', request('10.1.2.3', '198.51.100.7'), '198.51.100.7'],
	['so can a mapped one', request('::ffff:10.1.2.3', '198.51.100.7'), '198.51.100.7'],
	['so can one with an IPv6 address', request('2001:db8:1::9', '2001:DB8:2::7'), '2001:db8:2::7'],
	[
		'proxies behind proxies are passed over',
		request('10.1.2.3', '198.51.100.7, 10.9.9.9, ::1'),
		'198.51.100.7',
	],
	[
		'what the client itself wrote is not believed',
		request('10.1.2.3', '203.0.113.5, 198.51.100.7, 10.9.9.9'),
		'198.51.100.7',
	],
	['a proxy that forwards nothing is the client', request('10.1.2.3'), '10.1.2.3'],
	['nonsense ends the search', request('10.1.2.3', '198.51.100.7, unknown'), '10.1.2.3'],
	['ports are left off', request('10.1.2.3', '198.51.100.7:4711'), '198.51.100.7'],
	['so are brackets', request('10.1.2.3', '[2001:db8:2::7]:4711'), '2001:db8:2::7'],
	['a Unix socket has no address', request(undefined, '198.51.100.7'), ''],
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
	['without a word of it the scheme is that of the connection', '10.1.2.3', {}, 'http'],
	['a stranger has no say', '192.0.2.1', { 'x-forwarded-proto': 'https' }, 'http'],
	['a trusted proxy has', '10.1.2.3', { 'x-forwarded-proto': 'https' }, 'https'],
	['it may name that of the WebSocket', '10.1.2.3', { 'x-forwarded-proto': 'wss' }, 'https'],
	['the first is next to the client', '10.1.2.3', { 'x-forwarded-proto': 'https, http' }, 'https'],
	['it may say it as RFC 7239', '10.1.2.3', { forwarded: 'for=192.0.2.1;proto=https' }, 'https'],
	['in quotes, too', '10.1.2.3', { forwarded: 'Proto="https";by=_a, proto=http' }, 'https'],
	['a part of another name does not count', '10.1.2.3', { forwarded: 'xproto=https' }, 'http'],
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
	assert.equal(limitKey('not an address'), 'not an address');
});
