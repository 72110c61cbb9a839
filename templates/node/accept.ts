import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Transport } from '../shared/transport.ts';
import { Connection } from './connection.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import type { HeaderLine } from './context.ts';
import type { RawTransport } from './transport.ts';

export interface AcceptOptions {
	readonly settings: ConnectionSettings;
	/** The chosen subprotocol, or the empty string. */
	readonly protocol: string;
	/** Headers to send along with the 101. */
	readonly headers: readonly HeaderLine[];
	/** Tells whoever runs the site about a connection that was closed by a limit. */
	warn(message: string): void;
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
	const { settings, protocol, headers, warn } = options;
	const server = new WebSocketServer({
		noServer: true,
		WebSocket: RawSocket,
		clientTracking: false,
		perMessageDeflate: settings.perMessageDeflate && COMPRESSION,
		maxPayload: settings.maxPayload,
		// Left alone, `ws` takes the client's first offer.
		handleProtocols: () => protocol || false,
	});
	server.on('headers', (lines) => {
		for (const [name, value] of headers) lines.push(`${name}: ${value}`);
	});
	let transport: Transport | undefined;
	server.handleUpgrade(request, socket, head, (accepted) => {
		transport = new Connection(accepted, socket, settings, warn);
	});
	return transport;
}

/**
 * A connection of `ws` that says when it is about to write by itself: it answers pings and closing
 * frames, and what was sent before has to go out before.
 */
class RawSocket extends WebSocket implements RawTransport {
	beforeControl: (() => void) | undefined;

	override close(code?: number, reason?: string | Buffer): void {
		this.beforeControl?.();
		super.close(code, reason);
	}

	override ping(...frame: Parameters<WebSocket['ping']>): void {
		this.beforeControl?.();
		super.ping(...frame);
	}

	override pong(...frame: Parameters<WebSocket['pong']>): void {
		this.beforeControl?.();
		super.pong(...frame);
	}
}

/**
 * Each message is compressed on its own (RFC 7692 section 7.1.1). A context that lives on would
 * cost every connection some 300 KiB, and what an attacker writes into it would tell by its size
 * what secrets went before.
 */
const COMPRESSION = {
	serverNoContextTakeover: true,
	clientNoContextTakeover: true,
	/** In bytes. Shorter messages hardly shrink. */
	threshold: 1024,
};
