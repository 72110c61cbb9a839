import type { WaitOptions } from '../define/api/test-types.ts';
import { Arrivals } from './arrivals.ts';
import { Journal } from './journal.ts';
import { machineClock } from './test-clock.ts';
import { waitFor } from './wait.ts';

/** How a connection ended. */
export interface Closed {
	/** 1005 for a close without a code, 1006 for none at all. */
	readonly code: number;
	readonly reason: string;
}

/** What carries a socket. */
export interface Carrier {
	readonly protocol: string;
	send(message: string | Uint8Array): void;
	close(code?: number, reason?: string): void;
	/** Breaks off without a close. */
	drop(): void;
	/** Called once. */
	listen(events: CarrierEvents): void;
}

export interface CarrierEvents {
	message(message: string | Uint8Array): void;
	closed(closed: Closed): void;
}

/** The client's end of an accepted handshake. */
export class InjectedSocket {
	/** The headers of the 101. */
	readonly headers: Headers;
	readonly #carrier: Carrier;
	readonly #timeout: number;
	readonly #journal = new Journal(machineClock);
	readonly #messages = new Arrivals<string | Uint8Array>();
	readonly #onClose = new Set<(closed: Closed) => void>();
	#closed: Closed | undefined;

	/** @param timeout Milliseconds of a wait. */
	constructor(carrier: Carrier, headers: Headers, timeout: number) {
		this.#carrier = carrier;
		this.headers = headers;
		this.#timeout = timeout;
		carrier.listen({
			message: (message) => {
				this.#journal.add(`← ${describe(message)}`);
				this.#messages.add(message);
			},
			closed: (closed) => {
				this.#closed = closed;
				this.#journal.add(`closed with ${closed.code} ${closed.reason}`.trimEnd());
				for (const tell of [...this.#onClose]) tell(closed);
			},
		});
	}

	/** The subprotocol that the server chose, else the empty string. */
	get protocol(): string {
		return this.#carrier.protocol;
	}

	/** What the socket saw, one line for each thing. */
	get log(): readonly string[] {
		return this.#journal.lines;
	}

	send(message: string | Uint8Array): void {
		this.#journal.add(`→ ${describe(message)}`);
		this.#carrier.send(message);
	}

	/**
	 * Resolves with the oldest message that no earlier call took: text, or bytes.
	 *
	 * @throws Error after the timeout. Its message has the log of the socket.
	 */
	async next({ timeout = this.#timeout }: WaitOptions = {}): Promise<string | Uint8Array> {
		return await this.#messages.take(timeout, () => this.#missing('No message came', timeout));
	}

	/** Resolves when the connection has ended. */
	async closed({ timeout = this.#timeout }: WaitOptions = {}): Promise<Closed> {
		if (this.#closed !== undefined) return this.#closed;
		return await waitFor<Closed>(
			timeout,
			(resolve) => {
				this.#onClose.add(resolve);
				return () => this.#onClose.delete(resolve);
			},
			() => this.#missing('The connection did not end', timeout),
		);
	}

	/** Closes the connection, and resolves with what the server answered. */
	async close(code?: number, reason?: string): Promise<Closed> {
		this.#carrier.close(code, reason);
		return await this.closed();
	}

	/** Breaks the connection without a close. */
	drop(): void {
		this.#carrier.drop();
	}

	#missing(what: string, timeout: number): string {
		return `${what} within ${timeout} ms. The socket saw:\n${this.#journal.text}`;
	}
}

function describe(message: string | Uint8Array): string {
	return typeof message === 'string' ? message : `<${message.byteLength} bytes>`;
}
