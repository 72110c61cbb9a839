import type { Duplex } from 'node:stream';
import { ABNORMAL_CLOSURE, INTERNAL_ERROR, NO_STATUS } from '../../socket/close-codes.ts';
import { payloadSize } from '../../socket/payload.ts';
import { CLOSED, CLOSING, OPEN, type ReadyState } from '../../socket/ready-state.ts';
import type { Payload, Sent } from '../../socket/transport.ts';
import { giveBack } from '../http/system-socket.ts';
import { readClose, writeClose } from './close-frame.ts';
import { limitClosing } from './closing-time.ts';
import { CLOSE, controlFrame, frameSize, PING, PONG, writeFrame } from './frame.ts';
import { FrameError, FrameReader } from './frame-reader.ts';
import { MAX_UNREAD_PONGS, type RawReceiver, type RawTransport } from './transport.ts';
import { type Closer, whenClosed } from './when-closed.ts';

/** The connection of a stream, for listeners shared by all streams. */
const PLAIN: unique symbol = Symbol('plain');

type Stream = Duplex & { [PLAIN]?: PlainSocket };

/** The server's side of a connection without extensions. */
export class PlainSocket extends FrameReader implements RawTransport, Closer {
	readyState: ReadyState = OPEN;
	isPaused = false;
	readonly extensionThreshold: number = Number.POSITIVE_INFINITY;
	readonly takesCompressedFrames = false;
	receiver: RawReceiver | undefined;
	nextCloser: Closer | undefined;
	readonly #stream: Stream;
	/** Blobs that must be read before they can be sent, and the messages behind them. */
	#queue: Promise<void> | undefined;
	#queuedBytes = 0;
	/** The close code and reason reported at the end. */
	#code: number = ABNORMAL_CLOSURE;
	#reason = '';
	/** Whether reading has ended: the peer has closed, or violated the protocol. */
	#isDone = false;
	#isCloseSent = false;
	#timer: NodeJS.Timeout | undefined;

	constructor(stream: Duplex, maxPayload: number) {
		super(maxPayload);
		this.#stream = stream;
	}

	/** Takes the stream over. Events follow from the next tick on. */
	start(head: Buffer): void {
		const stream = this.#stream;
		stream[PLAIN] = this;
		if (head.byteLength > 0) stream.unshift(head);
		stream.on('data', onData);
		stream.on('end', onEnd);
		// The code that answers upgrades has a listener already. `close` follows an error.
		if (stream.listenerCount('error') === 0) stream.on('error', ignore);
		whenClosed(stream, this);
	}

	get extensions(): string {
		return '';
	}

	get bufferedAmount(): number {
		return this.#stream.writableLength + this.#queuedBytes;
	}

	send(data: Payload, done?: Sent): void {
		const size = payloadSize(data);
		this.#queuedBytes += size;
		this.#enqueue(async () => {
			try {
				const message = data instanceof Blob ? new Uint8Array(await data.arrayBuffer()) : data;
				if (this.#isCloseSent || !this.#stream.writable) {
					done?.(new Error('The WebSocket is closed.'));
					return;
				}
				const frame = Buffer.allocUnsafe(frameSize(size));
				writeFrame(frame, 0, message, size);
				this.#stream.write(frame, done);
			} catch (error) {
				done?.(error as Error);
				throw error;
			} finally {
				this.#queuedBytes -= size;
			}
		});
	}

	close(code?: number, reason?: string): void {
		if (this.readyState !== OPEN) return;
		this.#beginClosing();
		if (this.#queue === undefined) this.#sendClose(code, reason);
		else this.#enqueue(() => this.#sendClose(code, reason));
	}

	terminate(): void {
		if (this.readyState === CLOSED) return;
		this.readyState = CLOSING;
		this.#stream.destroy();
	}

	pause(): void {
		this.isPaused = true;
		this.#stream.pause();
	}

	resume(): void {
		this.isPaused = false;
		this.#stream.resume();
	}

	ping(payload?: Buffer): void {
		this.#write(controlFrame(PING, payload));
	}

	protected override get isReading(): boolean {
		return !this.#isDone;
	}

	protected override onMessage(data: string | ArrayBuffer): void {
		this.receiver?.message(data);
	}

	protected override onControl(opcode: number, payload: Buffer): void {
		if (opcode === CLOSE) this.#onCloseFrame(payload);
		else if (opcode === PING && this.#stream.writableLength <= MAX_UNREAD_PONGS) {
			this.#write(controlFrame(PONG, payload));
		} else if (opcode === PONG) this.receiver?.pong(payload);
	}

	/** The peer closes, or answers a close frame. */
	#onCloseFrame(payload: Buffer): void {
		const { code, reason } = readClose(payload);
		this.#isDone = true;
		this.#code = code ?? NO_STATUS;
		this.#reason = reason;
		// Reading continues to the end of the stream.
		this.resume();
		if (this.#isCloseSent) this.#stream.end();
		else this.close(code, reason);
	}

	#sendClose(code: number | undefined, reason: string | undefined): void {
		this.#write(controlFrame(CLOSE, writeClose(code, reason)));
		this.#isCloseSent = true;
		if (this.#isDone) this.#stream.end();
	}

	#write(frame: Buffer): void {
		if (this.#isCloseSent || !this.#stream.writable) return;
		this.receiver?.beforeControl();
		this.#stream.write(frame);
	}

	#enqueue(next: () => void | Promise<void>): void {
		this.#queue = (this.#queue ?? Promise.resolve()).then(next).catch((error) => this.#fail(error));
	}

	#beginClosing(): void {
		this.readyState = CLOSING;
		this.#timer ??= limitClosing(this.#stream);
	}

	/** Reports an error and closes with its code. Queued messages are discarded. */
	#fail(error: Error): void {
		this.#isDone = true;
		// Reading continues to the end of the stream.
		this.resume();
		this.receiver?.failed(error);
		this.#beginClosing();
		this.#sendClose(error instanceof FrameError ? error.code : INTERNAL_ERROR, '');
	}

	#take(chunk: Buffer): void {
		if (this.#isDone) return;
		try {
			this.read(chunk);
		} catch (error) {
			if (!(error instanceof FrameError)) throw error;
			this.#fail(error);
		}
	}

	onData(chunk: Buffer): void {
		this.receiver?.heard();
		this.receiver?.reading();
		try {
			this.#take(chunk);
		} finally {
			this.receiver?.told();
		}
	}

	/** The peer ended its side without a closing handshake. */
	onEnd(): void {
		this.receiver?.beforeControl();
		// The peer may not read what is left.
		this.#beginClosing();
		this.#stream.end();
	}

	onClose(): void {
		// Data received while paused may end with a close frame.
		const unread: Buffer | null = this.#stream.read();
		if (unread !== null) this.#take(unread);
		clearTimeout(this.#timer);
		this.readyState = CLOSED;
		this.receiver?.closed(this.#code, this.#reason);
	}
}

function onData(this: Stream, chunk: Buffer): void {
	this[PLAIN]?.onData(chunk);
	giveBack(this, chunk);
}

function onEnd(this: Stream): void {
	this[PLAIN]?.onEnd();
}

function ignore(): void {}
