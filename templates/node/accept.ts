import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { HeaderLine } from './context.ts';
import type { Transport } from './transport.ts';

export interface AcceptOptions {
	/** The largest message accepted, in bytes. */
	readonly maxPayload: number;
	/** The chosen subprotocol, or the empty string. */
	readonly protocol: string;
	/** Headers to send along with the 101. */
	readonly headers: readonly HeaderLine[];
}

/**
 * Sends the 101 and gives the connection to `ws`.
 *
 * @returns `undefined` if the client has gone, which `ws` passes over in silence.
 */
export function acceptHandshake(
	request: IncomingMessage,
	socket: Duplex,
	head: Buffer,
	options: AcceptOptions,
): Transport | undefined {
	const server = new WebSocketServer({
		noServer: true,
		clientTracking: false,
		// A compression context costs every connection memory, and shared with secrets it leaks them.
		perMessageDeflate: false,
		maxPayload: options.maxPayload,
		// Left alone, `ws` takes the client's first offer.
		handleProtocols: () => options.protocol || false,
	});
	server.on('headers', (lines) => {
		for (const [name, value] of options.headers) lines.push(`${name}: ${value}`);
	});
	let transport: Transport | undefined;
	server.handleUpgrade(request, socket, head, (accepted) => {
		transport = accepted;
	});
	return transport;
}
