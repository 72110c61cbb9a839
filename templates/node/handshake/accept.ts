import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Connection } from '../connection/connection.ts';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import type { HeaderLine } from '../http/header-lines.ts';
import { acceptCompressed } from '../protocol/compressed-socket.ts';
import { PlainSocket } from '../protocol/plain-socket.ts';

/** RFC 6455 section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export interface AcceptOptions {
	readonly settings: ConnectionSettings;
	/** The selected subprotocol, or the empty string. */
	readonly protocol: string;
	/** Additional headers of the 101. */
	readonly headers: readonly HeaderLine[];
	/** Reports a connection closed by a limit to the operator of the site. */
	warn(message: string): void;
}

/**
 * Sends the 101 and takes the connection over. If the client offers an enabled extension, `ws` gets
 * the connection. Its streams and emitters take as much memory as the rest of a connection.
 *
 * @param request A well-formed handshake.
 * @returns `undefined` if the client has left.
 */
export function acceptHandshake(
	request: IncomingMessage,
	socket: Duplex,
	head: Buffer,
	{ settings, protocol, headers, warn }: AcceptOptions,
): Connection | undefined {
	const { maxPayload } = settings;
	if (settings.perMessageDeflate && request.headers['sec-websocket-extensions'] !== undefined) {
		const raw = acceptCompressed(request, socket, head, { protocol, headers, maxPayload });
		return raw && new Connection(raw, socket, settings, warn);
	}
	if (!socket.readable || !socket.writable) {
		socket.destroy();
		return undefined;
	}
	// The encoding of headers in Node's own responses.
	socket.write(switchingProtocols(request, protocol, headers), 'latin1');
	withoutDelay(socket);
	const raw = new PlainSocket(socket, maxPayload);
	const connection = new Connection(raw, socket, settings, warn);
	raw.start(head);
	return connection;
}

/** RFC 6455 section 4.2.2. */
function switchingProtocols(
	request: IncomingMessage,
	protocol: string,
	headers: readonly HeaderLine[],
): string {
	const key = request.headers['sec-websocket-key'];
	const lines = [
		'HTTP/1.1 101 Switching Protocols',
		'Upgrade: websocket',
		'Connection: Upgrade',
		`Sec-WebSocket-Accept: ${createHash('sha1').update(`${key}${GUID}`).digest('base64')}`,
	];
	if (protocol !== '') lines.push(`Sec-WebSocket-Protocol: ${protocol}`);
	for (const [name, value] of headers) lines.push(`${name}: ${value}`);
	return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Only native sockets have these methods. */
function withoutDelay(socket: Duplex & Partial<Pick<Socket, 'setTimeout' | 'setNoDelay'>>): void {
	socket.setTimeout?.(0);
	socket.setNoDelay?.();
}
