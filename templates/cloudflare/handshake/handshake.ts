import { isKey } from '../../handshake/handshake.ts';

/**
 * Whether the request is a handshake that can be accepted. What of RFC 6455 section 4.2.1 is not
 * looked at here the runtime has made sure of. One that another Worker makes by `fetch()` has no
 * header but `Upgrade`.
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
