import { GOING_AWAY, POLICY_VIOLATION } from '../../socket/close-codes.ts';
import { MessageRate } from '../../socket/message-rate.ts';
import { payloadSize } from '../../socket/payload.ts';
import { OPEN, type ReadyState } from '../../socket/ready-state.ts';
import type { Payload, Receiver, Sent, Transport } from '../../socket/transport.ts';
import { afterReading } from '../process/after-reading.ts';
import { coarseClock } from '../process/coarse-clock.ts';
import { compressedFrame, MAX_COMPRESSED_AT_ONCE } from '../protocol/compressed-frame.ts';
import { addHeapPressure, removeHeapPressure } from '../protocol/heap-pressure.ts';
import { Outbox, recentMessage } from '../protocol/outbox.ts';
import type { SharedMessage } from '../protocol/shared-message.ts';
import type { RawReceiver, RawTransport, Wire } from '../protocol/transport.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { livenessOf, type MonitoredConnection } from './liveness.ts';

/**
 * Milliseconds for the peer to answer after a limit closed its connection. Few such peers read
 * their input, and the send buffer takes memory meanwhile.
 */
const GRACE = 2000;

/** Shared by all connections, and read for every message. */
const time = coarseClock();

/** The reason for a message that was not sent. */
export class NotSentError extends Error {}

/** Observes an accepted connection. */
export interface ConnectionObserver {
	/** Called for every pong. */
	onPong(payload: Buffer): void;
	/** Called at the end, with the values of the socket's `close` event. */
	onEnded(code: number, reason: string): void;
}

/** An accepted connection that enforces its limits. */
export class Connection implements Transport, RawReceiver, MonitoredConnection {
	wasHeard = false;
	heardAt = 0;
	beatAt = 0;
	isAwaited = false;
	received = 0;
	sent = 0;
	activeAt: number = time.now;
	observer: ConnectionObserver | undefined;
	readonly #raw: RawTransport;
	readonly #wire: Wire;
	readonly #settings: ConnectionSettings;
	readonly #warn: (message: string) => void;
	/** Created for the first message, because most connections are idle most of the time. */
	#outbox: Outbox | undefined;
	#rate: MessageRate | undefined;
	/** Messages still queued in `#raw`: behind a Blob that is being read, or in compression. */
	#queued = 0;
	/**
	 * Bytes of the 101 that TLS has not sent yet. They were not passed to `send()`, so they do not
	 * count.
	 */
	#queuedBefore = 0;
	#grace: NodeJS.Timeout | undefined;
	#receiver: Receiver | undefined;

	/** @param warn Reports that a client is too slow to receive its messages. */
	constructor(
		raw: RawTransport,
		wire: Wire,
		settings: ConnectionSettings,
		warn: (message: string) => void,
	) {
		this.#raw = raw;
		this.#wire = wire;
		this.#settings = settings;
		this.#warn = warn;
		raw.receiver = this;
		livenessOf(settings).watch(this);
	}

	get readyState(): ReadyState {
		return this.#raw.readyState;
	}

	get bufferedAmount(): number {
		const queued = this.#raw.bufferedAmount + (this.#outbox?.heldBytes ?? 0);
		this.#queuedBefore = Math.min(this.#queuedBefore, queued);
		return queued - this.#queuedBefore;
	}

	get extensions(): string {
		return this.#raw.extensions;
	}

	get isPaused(): boolean {
		return this.#raw.isPaused;
	}

	receive(receiver: Receiver): void {
		this.#receiver = receiver;
		this.#queuedBefore = this.#raw.bufferedAmount;
	}

	send(data: Payload, done?: Sent): void {
		if (typeof data === 'string' && done === undefined) {
			const shared = recentMessage(data, this.#outbox);
			if (shared !== undefined) {
				this.share(shared);
				return;
			}
		}
		const bytes = typeof data === 'string' ? Buffer.byteLength(data) : payloadSize(data);
		const isOpen = this.#raw.readyState === OPEN;
		if (isOpen && !this.#admit(bytes, done)) return;
		this.#outbox ??= new Outbox(this.#wire);
		if (isOpen && this.#isDirect(bytes) && !(data instanceof Blob)) {
			this.#outbox.send(data, bytes, done);
			return;
		}
		// The caller may modify its bytes while the message waits behind a Blob.
		this.#enqueue(data instanceof Uint8Array ? data.slice() : data, done);
	}

	/** Sends a message to this connection that others get as well. */
	share(message: SharedMessage): void {
		if (this.#raw.readyState !== OPEN || !this.#admit(message.size)) return;
		this.#outbox ??= new Outbox(this.#wire);
		const { data, size, frame } = message;
		if (this.#isDirect(size)) this.#outbox.share(frame);
		else if (this.#takesCompressed(size)) this.#outbox.share(compressedFrame(message));
		else this.#enqueue(data);
	}

	close(code?: number, reason?: string): void {
		this.#raw.close(code, reason);
		// The close frame of the peer must be read.
		this.resume();
	}

	pause(): void {
		this.#raw.pause();
	}

	resume(): void {
		if (this.#raw.isPaused) this.#raw.resume();
	}

	heard(): void {
		this.wasHeard = true;
	}

	reading(): void {
		this.#outbox?.hold();
	}

	told(): void {
		this.#outbox?.letGo();
	}

	pong(payload: Buffer): void {
		this.observer?.onPong(payload);
	}

	beforeControl(): void {
		this.#outbox?.flush();
	}

	message(data: string | ArrayBuffer): void {
		this.received++;
		this.activeAt = time.now;
		if (typeof data !== 'string') addHeapPressure(data.byteLength);
		const { maxMessagesPerSecond } = this.#settings;
		if (maxMessagesPerSecond > 0) {
			this.#rate ??= new MessageRate(maxMessagesPerSecond);
			// A closing socket drops incoming messages.
			if (!this.#rate.take()) this.#end(POLICY_VIOLATION, 'Too many messages');
		}
		this.#receiver?.message(data);
		if (typeof data !== 'string') removeHeapPressure();
	}

	failed(error: Error): void {
		this.#receiver?.failed(error);
	}

	closed(code: number, reason: string): void {
		livenessOf(this.#settings).leave(this);
		clearTimeout(this.#grace);
		this.observer?.onEnded(code, reason);
		this.#receiver?.closed(code, reason);
	}

	ping(payload?: Buffer): void {
		this.#raw.ping(payload);
	}

	onDead(): void {
		this.#raw.terminate();
	}

	onIdle(): void {
		this.#end(GOING_AWAY, this.isPaused ? 'Not read for too long' : 'Idle for too long');
	}

	/** Whether a message of this size needs neither an extension nor to wait for others. */
	#isDirect(bytes: number): boolean {
		return this.#queued === 0 && bytes < this.#raw.extensionThreshold;
	}

	/** Whether a message of this size can be sent compressed, without waiting for others. */
	#takesCompressed(bytes: number): boolean {
		return this.#queued === 0 && this.#raw.takesCompressedFrames && bytes <= MAX_COMPRESSED_AT_ONCE;
	}

	/** Counts a message to send, unless it exceeds the limit of the send buffer. */
	#admit(bytes: number, done?: Sent): boolean {
		if (!this.#hasRoomFor(bytes)) {
			done?.(new NotSentError(`A message of ${bytes} bytes does not fit into the send buffer`));
			if (this.#settings.overflow === 'close') this.#overflow();
			return false;
		}
		this.sent++;
		this.activeAt = time.now;
		return true;
	}

	/** Passes a message to `#raw`, behind all earlier ones. */
	#enqueue(data: Payload, done?: Sent): void {
		this.#outbox?.cork();
		this.#queued += 1;
		this.#raw.send(data, (error) => {
			this.#queued -= 1;
			done?.(error);
		});
	}

	#hasRoomFor(bytes: number): boolean {
		const { maxBufferedAmount } = this.#settings;
		if (this.bufferedAmount + bytes <= maxBufferedAmount) return true;
		// Messages held until the end of the tick do not wait for the client.
		this.#outbox?.release();
		return this.bufferedAmount + bytes <= maxBufferedAmount;
	}

	#overflow(): void {
		const { maxBufferedAmount } = this.#settings;
		this.#warn(
			`Closed a WebSocket: its send buffer exceeded \`websocket.maxBufferedAmount\` (${maxBufferedAmount} bytes)`,
		);
		this.#end(POLICY_VIOLATION, 'Too slow to receive messages');
	}

	#end(code: number, reason: string): void {
		if (this.readyState !== OPEN) return;
		this.close(code, reason);
		this.#grace = setTimeout(() => afterReading(() => this.#raw.terminate()), GRACE).unref();
	}
}
