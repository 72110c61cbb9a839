import { MessageRate } from '../shared/message-rate.ts';
import { payloadSize } from '../shared/payload.ts';
import type { Payload, Receiver, Sent, Transport } from '../shared/transport.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { Liveness, type Silence } from './liveness.ts';
import { Outbox } from './outbox.ts';
import type { RawTransport, Wire } from './transport.ts';

/** RFC 6455 section 7.4.1: the server goes away. */
const GOING_AWAY = 1001;

/** RFC 6455 section 7.4.1: the peer broke a rule of the server's own. */
const POLICY_VIOLATION = 1008;

/**
 * Milliseconds that a peer gets to answer when a limit ends its connection. Few such peers read
 * what they are sent, and what waits for them is memory.
 */
const GRACE = 2000;

/** Why a message was not sent. */
export class NotSentError extends Error {}

/** An accepted connection within its limits. */
export class Connection implements Transport, Silence {
	readonly #raw: RawTransport;
	readonly #settings: ConnectionSettings;
	readonly #warn: (message: string) => void;
	readonly #outbox: Outbox;
	/** Whether messages go out as they are. */
	readonly #isDirect: boolean;
	/** Messages that `ws` still has: behind a Blob that is being read, or being compressed. */
	#queued = 0;
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
		this.#isDirect = raw.extensions === '';
		this.#settings = settings;
		this.#warn = warn;
		this.#outbox = new Outbox(wire);
		raw.beforeControl = () => this.#outbox.flush();
		// Before `ws` hears of it, and ends its side as well.
		wire.prependListener('end', () => this.#outbox.flush());
		const liveness = new Liveness(wire, settings, this);
		const rate =
			settings.maxMessagesPerSecond > 0
				? new MessageRate(settings.maxMessagesPerSecond)
				: undefined;
		raw.on('message', (data, isBinary) => {
			// A socket that is closing drops what comes.
			if (rate?.take() === false) this.#end(POLICY_VIOLATION, 'Too many messages');
			this.#receiver?.message(isBinary ? data : data.toString());
		});
		raw.on('error', (error) => this.#receiver?.failed(error));
		raw.on('close', (code, reason) => {
			liveness.stop();
			clearTimeout(this.#grace);
			this.#receiver?.closed(code, reason.toString());
		});
	}

	get readyState(): 0 | 1 | 2 | 3 {
		return this.#raw.readyState;
	}

	get bufferedAmount(): number {
		return this.#raw.bufferedAmount + this.#outbox.heldBytes;
	}

	get extensions(): string {
		return this.#raw.extensions;
	}

	send(data: Payload, done?: Sent): void {
		const bytes = typeof data === 'string' ? Buffer.byteLength(data) : payloadSize(data);
		if (this.readyState === 1 && !this.#hasRoomFor(bytes)) {
			done?.(new NotSentError(`${bytes} bytes are more than may wait to go out`));
			if (this.#settings.overflow === 'close') this.#overflow();
			return;
		}
		if (this.#isDirect && this.#queued === 0 && this.readyState === 1 && !(data instanceof Blob)) {
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

	isPaused(): boolean {
		return this.#raw.isPaused;
	}

	ping(): void {
		this.#raw.ping();
	}

	onDead(): void {
		this.#raw.terminate();
	}

	onIdle(): void {
		this.#end(GOING_AWAY, 'Idle for too long');
	}

	pause(): void {
		this.#raw.pause();
	}

	resume(): void {
		if (this.#raw.isPaused) this.#raw.resume();
	}

	receive(receiver: Receiver): void {
		this.#receiver = receiver;
	}

	#hasRoomFor(bytes: number): boolean {
		const { maxBufferedAmount } = this.#settings;
		if (this.bufferedAmount + bytes <= maxBufferedAmount) return true;
		// What is only held back until the end of the tick does not wait for the client.
		this.#outbox.release();
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
		if (this.readyState !== 1) return;
		this.close(code, reason);
		this.#grace = setTimeout(() => this.#raw.terminate(), GRACE).unref();
	}
}
