import {
	type Carrier,
	type Closed,
	InjectedSocket,
} from '../../realtime/testing/injected-socket.ts';
import { cookieHeader, HandshakeRefused, type VisitOptions } from '../../realtime/testing/visit.ts';
import { DEFAULT_TIMEOUT } from '../../realtime/testing/wait.ts';
import type { PlatformSocket, Upgrading } from '../connection/platform.ts';

export interface InjectOptions extends Pick<VisitOptions, 'headers' | 'cookies'> {
	/** The subprotocols that the client offers. */
	readonly protocols?: readonly string[] | undefined;
	/** Milliseconds until a wait for this socket fails. Default: 1000. */
	readonly timeout?: number | undefined;
}

const ORIGIN = 'http://localhost';

/** The code of a close that a server cannot tell from a lost connection. */
const LOST = 4999;

/**
 * Makes a WebSocket handshake with the Worker beside which the tests run.
 *
 * @param path The path of the route, with its query.
 * @returns the socket once it is open.
 * @throws HandshakeRefused with the response of a Worker that refuses.
 */
export async function injectWebSocket(
	path: string,
	{ headers, cookies, protocols = [], timeout = DEFAULT_TIMEOUT }: InjectOptions = {},
): Promise<InjectedSocket> {
	const sent = new Headers(headers);
	sent.set('upgrade', 'websocket');
	const cookie = cookieHeader(cookies);
	if (cookie !== undefined) sent.set('cookie', cookie);
	if (protocols.length > 0) sent.set('sec-websocket-protocol', protocols.join(', '));
	const { exports } = await import('cloudflare:workers');
	const response = await exports.default.fetch(
		new Request(new URL(path, ORIGIN), { headers: sent }),
	);
	const { webSocket } = response as Response & Upgrading;
	if (webSocket === undefined || webSocket === null) throw await HandshakeRefused.of(response);
	const protocol = response.headers.get('sec-websocket-protocol') ?? '';
	const socket = new InjectedSocket(carrierOf(webSocket, protocol), response.headers, timeout);
	webSocket.accept();
	return socket;
}

function carrierOf(socket: PlatformSocket, protocol: string): Carrier {
	socket.binaryType = 'arraybuffer';
	return {
		protocol,
		send: (message) => socket.send(message),
		close: (code, reason) => socket.close(code, reason),
		drop: () => socket.close(LOST),
		listen({ message, closed }) {
			socket.addEventListener('message', ({ data }) => {
				message(typeof data === 'string' ? data : new Uint8Array(data));
			});
			socket.addEventListener('close', ({ code, reason }: Closed) => closed({ code, reason }));
		},
	};
}
