import { isKey } from '../../handshake/handshake.ts';

/**
 * Whether the request is a handshake that can be accepted. The runtime has already checked the
 * other rules of RFC 6455 section 4.2.1. A handshake from the `fetch()` of another Worker has only
 * the `Upgrade` header.
 */
export function isHandshake({ method, headers }: Request): boolean {
	const key = headers.get('sec-websocket-key');
	return (
		method === 'GET' &&
		headers.get('upgrade')?.toLowerCase() === 'websocket' &&
		(key === null || isKey(key)) &&
		(headers.get('sec-websocket-version') ?? '13') === '13'
	);
}
