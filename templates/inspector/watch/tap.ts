import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { closeFrame, FrameScanner, type ScannedMessage, textFrame } from './frame-scanner.ts';
import { ResponseScanner, type ScannedResponse } from './response-scanner.ts';

/** Who gets a message. */
export type Receiver = 'client' | 'server';

/** Receives what passes through a connection. */
export interface TapListener {
	/** The server has accepted the handshake. */
	accepted(response: ScannedResponse): void;
	/** @param isByHand Whether it was sent by {@link Tap.send}. */
	message(to: Receiver, message: ScannedMessage, isByHand: boolean): void;
	/**
	 * The connection has ended.
	 *
	 * @param response The response to a handshake that was not accepted, as far as there was one.
	 */
	closed(response: ScannedResponse | undefined): void;
}

/**
 * Listens to a connection between a client and a dev server, from its handshake on. It stands below
 * everything that serves the connection, so it is the same for a site in Node and for one in
 * workerd, and neither needs any code for it.
 */
export class Tap {
	readonly #socket: Duplex;
	readonly #listener: TapListener;
	readonly #response: ResponseScanner = new ResponseScanner();
	readonly #write: Duplex['write'];
	readonly #scanners: Readonly<Record<Receiver, FrameScanner>>;
	/** Messages that wait for the end of another one. */
	readonly #waiting: Record<Receiver, (() => void)[]> = { client: [], server: [] };
	/** The masks of messages to the server that were sent by hand. */
	readonly #masks: Set<number> = new Set();
	#isAccepted = false;
	#isByHand = false;

	/** @param socket The socket of the `upgrade` event, before others have written to it. */
	constructor(socket: Duplex, listener: TapListener) {
		this.#socket = socket;
		this.#listener = listener;
		this.#scanners = { client: this.#scanner('client'), server: this.#scanner('server') };
		this.#write = socket.write.bind(socket);
		socket.write = (...args: unknown[]): boolean => {
			this.#written(args[0], args[1]);
			return Reflect.apply(this.#write, socket, args);
		};
		socket.once('close', () => {
			listener.closed(this.#isAccepted ? undefined : this.#response.response);
		});
	}

	/** Sends a text message to the client, or to the server as the client. */
	send(to: Receiver, text: string): void {
		if (!this.#isAccepted) return;
		if (to === 'client') {
			this.#inTurn('client', () => {
				this.#isByHand = true;
				this.#socket.write(textFrame(text));
				this.#isByHand = false;
			});
			return;
		}
		const mask = randomBytes(4);
		this.#masks.add(mask.readUInt32BE(0));
		// Behind what the server has read.
		this.#inTurn('server', () => this.#socket.unshift(textFrame(text, mask)));
	}

	/** Sends a close frame to the client. */
	close(code: number): void {
		if (this.#isAccepted) this.#inTurn('client', () => this.#socket.write(closeFrame(code)));
		else this.drop();
	}

	/** Ends the connection without a closing handshake. */
	drop(): void {
		this.#socket.destroy();
	}

	#scanner(to: Receiver): FrameScanner {
		return new FrameScanner((message) => {
			const isByHand =
				to === 'client'
					? this.#isByHand
					: message.mask !== undefined && this.#masks.delete(message.mask);
			this.#listener.message(to, message, isByHand);
		});
	}

	#written(chunk: unknown, encoding: unknown): void {
		const bytes = bytesOf(chunk, encoding);
		if (bytes === undefined) return;
		if (this.#isAccepted) {
			this.#read('client', bytes);
			return;
		}
		const answer = this.#response.read(bytes);
		if (answer === undefined) return;
		this.#isAccepted = true;
		// Unlike `on('data')`, this starts no reading. The chunk comes before the server unmasks it.
		this.#socket.prependListener('data', (data: Buffer) => this.#read('server', data));
		this.#listener.accepted(answer.accepted);
		this.#read('client', answer.rest);
	}

	#read(to: Receiver, chunk: Buffer): void {
		this.#scanners[to].read(chunk);
		if (this.#waiting[to].length > 0) setImmediate(() => this.#sendWaiting(to));
	}

	#inTurn(to: Receiver, send: () => void): void {
		this.#waiting[to].push(send);
		this.#sendWaiting(to);
	}

	#sendWaiting(to: Receiver): void {
		while (!this.#socket.destroyed && this.#scanners[to].isBetweenMessages) {
			const send = this.#waiting[to].shift();
			if (send === undefined) return;
			send();
		}
	}
}

/** The bytes of an argument of `write()`. */
function bytesOf(chunk: unknown, encoding: unknown): Buffer | undefined {
	if (typeof chunk === 'string') {
		return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
	}
	if (!(chunk instanceof Uint8Array)) return undefined;
	return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
