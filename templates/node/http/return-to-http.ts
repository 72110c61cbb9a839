import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { isEncrypted } from './system-socket.ts';

/** Removes a header from both of its forms. */
export function removeHeader({ headers, rawHeaders }: IncomingMessage, name: string): void {
	for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
		if (rawHeaders[index]?.toLowerCase() === name) rawHeaders.splice(index, 2);
	}
	delete headers[name];
}

/**
 * Returns a request that Node diverted to `upgrade` to its HTTP parser, as if it had never asked
 * for an upgrade. The head is rebuilt without the `Upgrade` header and put before the received part
 * of the body. Then the connection is passed to the server again.
 */
export function returnToHttp(
	server: EventEmitter,
	request: IncomingMessage,
	socket: Duplex,
	rest: Buffer,
): void {
	const { rawHeaders } = request;
	const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
	for (let index = 0; index < rawHeaders.length; index += 2) {
		const name = rawHeaders[index];
		if (name?.toLowerCase() !== 'upgrade') lines.push(`${name}: ${rawHeaders[index + 1]}`);
	}
	// Node decodes heads as latin1, so this restores the received bytes.
	const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
	socket.unshift(Buffer.concat([head, rest]));
	server.emit(isEncrypted(socket) ? 'secureConnection' : 'connection', socket);
}
