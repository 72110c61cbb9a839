import { GOING_AWAY, POLICY_VIOLATION } from '../../socket/close-codes.ts';
import { MessageRate } from '../../socket/message-rate.ts';
import { payloadSize } from '../../socket/payload.ts';
import { OPEN, type ReadyState } from '../../socket/ready-state.ts';
import type { Payload, Receiver, Sent, Transport } from '../../socket/transport.ts';
import { afterReading } from '../process/after-reading.ts';
import { coarseClock } from '../process/coarse-clock.ts';
import { addHeapPressure, removeHeapPressure } from '../protocol/heap-pressure.ts';
import { Outbox } from '../protocol/outbox.ts';
import type { RawReceiver, RawTransport, Wire } from '../protocol/transport.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { livenessOf, type MonitoredConnection } from './liveness.ts';

/**
 * Milliseconds that a peer gets to answer when a limit ends its connection. Few such peers read
 * what they are sent, and what waits for them is memory.
 */
const GRACE = 2000;

/** One for all connections, and read for every message. */
const time = coarseClock();

/** Why a message was not sent. */
export class NotSentError extends Error {}

/** What is told of an accepted connection. */
export interface ConnectionObserver {
	/** A ping was answered. */
	onPong(payload: Buffer): void;
	/** It has ended, for the reasons that the `close` event of the socket gives. */
	onEnded(code: number, reason: string): void;
}

/** An accepted connection within its limits. */
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
	/** Whether messages go out as they are. */
	readonly #isDirect: boolean;
	/** Made for the first message: most connections are idle most of the time. */
	#outbox: Outbox | undefined;
	#rate: MessageRate | undefined;
	/** Messages that are still below: behind a Blob that is being read, or being compressed. */
	#queued = 0;
	/** Bytes of the 101 that TLS has not sent yet: nobody handed them to `send()`. */
	#queuedBefore = 0;
	#grace: NodeJS.Timeout | undefined;
	#receiver: Receiver | undefined;

	/** @param warn Tells whoever runs the site that a client is too slow for what it is sent. */
	constructor(
		raw: RawTransport,
		wire: Wire,
		settings: ConnectionSettings,
		warn: (message: string) => void,
	) {
		this.#raw = raw;
		this.#wire = wire;
		this.#isDirect = raw.extensions === '';
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
		const bytes = typeof data === 'string' ? Buffer.byteLength(data) : payloadSize(data);
		const isOpen = this.#raw.readyState === OPEN;
		if (isOpen && !this.#hasRoomFor(bytes)) {
			done?.(new NotSentError(`${bytes} bytes are more than may wait to go out`));
			if (this.#settings.overflow === 'close') this.#overflow();
			return;
		}
		if (isOpen) {
			this.sent++;
			this.activeAt = time.now;
		}
		this.#outbox ??= new Outbox(this.#wire);
		if (this.#isDirect && this.#queued === 0 && isOpen && !(data instanceof Blob)) {
			this.#outbox.send(data, bytes, done);
			return;
		}
		this.#outbox.cork();
		this.#queued += 1;
		// What waits behind a Blob may be changed by the caller before it is its turn.
		this.#raw.send(data instanceof Uint8Array ? data.slice() : data, (error) => {
			this.#queued -= 1;
			done?.(error);
		});
	}

	close(code?: number, reason?: string): void {
		this.#raw.close(code, reason);
		// The peer's answer has to be read.
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
			// A socket that is closing drops what comes.
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

	#hasRoomFor(bytes: number): boolean {
		const { maxBufferedAmount } = this.#settings;
		if (this.bufferedAmount + bytes <= maxBufferedAmount) return true;
		// What is only held back until the end of the tick does not wait for the client.
		this.#outbox?.release();
		return this.bufferedAmount + bytes <= maxBufferedAmount;
	}

	#overflow(): void {
		const { maxBufferedAmount } = this.#settings;
		this.#warn(
			`Closed a WebSocket: more than \`websocket.maxBufferedAmount\` (${maxBufferedAmount} bytes) waited to go out`,
		);
		this.#end(POLICY_VIOLATION, 'Too slow for what is sent');
	}

	#end(code: number, reason: string): void {
		if (this.readyState !== OPEN) return;
		this.close(code, reason);
		this.#grace = setTimeout(() => afterReading(() => this.#raw.terminate()), GRACE).unref();
	}
}
