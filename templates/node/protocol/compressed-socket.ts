import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { OPEN } from '../../socket/ready-state.ts';
import type { HeaderLine } from '../http/header-lines.ts';
import { limitClosing } from './closing-time.ts';
import { MAX_UNREAD_PONGS, type RawReceiver, type RawTransport } from './transport.ts';

/**
 * Each message is compressed on its own (RFC 7692 section 7.1.1). A shared context would cost about
 * 300 KiB per connection. It would also reveal earlier secrets through the size of an attacker's
 * text.
 */
const COMPRESSION = {
	serverNoContextTakeover: true,
	clientNoContextTakeover: true,
	/** Minimum message size in bytes. Shorter messages hardly shrink. */
	threshold: 1024,
};

/**
 * A connection of `ws` that passes all events to one receiver. It announces its own writes, the
 * answers to pings and close frames, because earlier messages must be sent first.
 */
class CompressedSocket extends WebSocket implements RawTransport {
	receiver: RawReceiver | undefined;
	readonly extensionThreshold: number = COMPRESSION.threshold;
	takesCompressedFrames = false;

	override emit(event: string | symbol, ...parameters: unknown[]): boolean {
		const { receiver } = this;
		if (receiver === undefined) return super.emit(event, ...parameters);
		const [first, second] = parameters;
		switch (event) {
			case 'message': {
				const bytes = first as Buffer;
				// It may be a view of a larger receive buffer.
				receiver.message(second === true ? new Uint8Array(bytes).buffer : bytes.toString());
				return true;
			}
			case 'ping':
				if (this.readyState === OPEN && this.bufferedAmount <= MAX_UNREAD_PONGS) {
					this.pong(first as Buffer);
				}
				return true;
			case 'pong':
				receiver.pong(first as Buffer);
				return true;
			case 'error':
				receiver.failed(first as Error);
				return true;
			case 'close':
				receiver.closed(first as number, String(second));
				return true;
			default:
				return super.emit(event, ...parameters);
		}
	}

	override close(code?: number, reason?: string | Buffer): void {
		this.receiver?.beforeControl();
		super.close(code, reason);
	}

	override ping(...frame: Parameters<WebSocket['ping']>): void {
		this.receiver?.beforeControl();
		super.ping(...frame);
	}

	override pong(...frame: Parameters<WebSocket['pong']>): void {
		this.receiver?.beforeControl();
		super.pong(...frame);
	}
}

/** The parameters of the handshake, other than the extension. */
export interface Negotiated {
	/** The selected subprotocol, or the empty string. */
	readonly protocol: string;
	/** Additional headers of the 101. */
	readonly headers: readonly HeaderLine[];
	/** The maximum size of a message in bytes. */
	readonly maxPayload: number;
}

/**
 * Sends the 101 and passes the connection to `ws`.
 *
 * @returns `undefined` if the client has left, which `ws` does not report.
 */
export function acceptCompressed(
	request: IncomingMessage,
	socket: Duplex,
	head: Buffer,
	{ protocol, headers, maxPayload }: Negotiated,
): RawTransport | undefined {
	const server = new WebSocketServer({
		noServer: true,
		WebSocket: CompressedSocket,
		clientTracking: false,
		// With it, `ws` ends connections that receive more than 60 pings at once.
		autoPong: false,
		perMessageDeflate: COMPRESSION,
		maxPayload,
		// By default, `ws` selects the client's first offer.
		handleProtocols: () => protocol || false,
	});
	server.on('headers', (lines) => {
		for (const [name, value] of headers) lines.push(`${name}: ${value}`);
	});
	let raw: RawTransport | undefined;
	// The encoding of headers in Node's own responses.
	socket.setDefaultEncoding('latin1');
	server.handleUpgrade(request, socket, head, (accepted) => {
		raw = accepted;
		// A smaller window is the only parameter that changes the server's frames.
		accepted.takesCompressedFrames =
			accepted.extensions !== '' &&
			request.headers['sec-websocket-extensions']?.includes('server_max_window_bits') === false;
		// Before the listener of `ws`, which ends its side as well, without a limit of time.
		socket.prependListener('end', () => {
			accepted.receiver?.beforeControl();
			const timer = limitClosing(socket);
			socket.once('close', () => clearTimeout(timer));
		});
		socket.on('data', () => accepted.receiver?.heard());
	});
	// Messages of text follow.
	socket.setDefaultEncoding('utf8');
	return raw;
}
