import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { connectionScheme, type HttpScheme } from './system-socket.ts';

/** `websocket.trustedProxies` as a list to check addresses against. */
export function proxyList(trustedProxies: readonly string[]): BlockList {
	const list = new BlockList();
	for (const proxy of trustedProxies) {
		const [address = '', prefix] = proxy.split('/');
		if (prefix === undefined) list.addAddress(address, family(address));
		else list.addSubnet(address, Number(prefix), family(address));
	}
	return list;
}

/**
 * The client address: that of the connection, unless it belongs to a trusted proxy. Then it comes
 * from `X-Forwarded-For`. Proxies append to the header, so it is read from its end. Everything
 * before the first untrusted address was written by the client.
 *
 * @returns The empty string if there is no address, as on a Unix socket.
 */
export function clientAddress(request: IncomingMessage, proxies: BlockList): string {
	let address = normalized(request.socket.remoteAddress ?? '') ?? '';
	// Node joins repeated headers.
	const forwarded = String(request.headers['x-forwarded-for'] ?? '').split(',');
	while (isTrusted(address, proxies)) {
		const next = normalized(forwarded.pop() ?? '');
		if (next === undefined) break;
		address = next;
	}
	return address;
}

/** The peer of a connection. */
export interface Proxy {
	/** Empty if there is no address, as on a Unix socket. */
	readonly address: string;
	/** Whether `websocket.trustedProxies` contains it. */
	readonly isTrusted: boolean;
}

/** The peer of the connection, which may be a proxy. */
export function proxyOf(request: IncomingMessage, proxies: BlockList): Proxy {
	const address = normalized(request.socket.remoteAddress ?? '') ?? '';
	return { address, isTrusted: isTrusted(address, proxies) };
}

/**
 * The scheme used by the client: from `X-Forwarded-Proto` or `Forwarded` of a trusted proxy,
 * otherwise from the connection. The first of several values counts: it comes from the proxy next
 * to the client.
 */
export function clientScheme(request: IncomingMessage, proxies: BlockList): HttpScheme {
	const forwarded = proxyOf(request, proxies).isTrusted ? forwardedScheme(request) : undefined;
	// Some proxies send the scheme of the WebSocket.
	if (forwarded !== undefined) return /^(?:https|wss)$/i.test(forwarded) ? 'https' : 'http';
	return connectionScheme(request.socket);
}

/** `X-Forwarded-Proto`, or the `proto` of RFC 7239. */
function forwardedScheme({ headers }: IncomingMessage): string | undefined {
	const [first = ''] = String(headers['x-forwarded-proto'] ?? '').split(',');
	const [, proto] = /(?:^|[\s,;])proto="?(\w+)/i.exec(String(headers.forwarded ?? '')) ?? [];
	return first.trim() || proto;
}

/**
 * The key for limits per client. A customer of a provider has at least a /64 of IPv6 addresses (RFC
 * 6177), and could use another address for each connection.
 *
 * @param client An address in any notation, or other text, from the site's `clientAddress` hook.
 */
export function limitKey(client: string): string {
	const address = normalized(client) ?? client;
	return isIP(address) === 6 ? `${groups(address).slice(0, 4).join(':')}::/64` : address;
}

function isTrusted(address: string, proxies: BlockList): boolean {
	return address !== '' && proxies.check(address, family(address));
}

/** An address without port, brackets and zone. IPv4-mapped IPv6 addresses become IPv4 addresses. */
function normalized(text: string): string | undefined {
	const [, bracketed, withPort] =
		/^\[([^\]]+)\](?::\d+)?$|^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text.trim()) ?? [];
	const [address = ''] = (bracketed ?? withPort ?? text.trim()).split('%');
	if (isIP(address) === 0) return undefined;
	const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
	return mapped ?? address.toLowerCase();
}

function family(address: string): 'ipv4' | 'ipv6' {
	return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/** The eight groups of an IPv6 address (RFC 5952). */
function groups(address: string): string[] {
	// The URL parser normalises every notation.
	const { hostname } = new URL(`http://[${address}]`);
	const [head = '', tail = ''] = hostname.slice(1, -1).split('::');
	const left = head === '' ? [] : head.split(':');
	const right = tail === '' ? [] : tail.split(':');
	const zeros = new Array<string>(8 - left.length - right.length).fill('0');
	return [...left, ...zeros, ...right];
}
