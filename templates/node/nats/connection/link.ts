import { DEADLINE } from '../../engine/limits.ts';
import { Retries } from '../../engine/retries.ts';
import type { NatsConnection } from './client.ts';
import { NatsError } from './errors.ts';

export interface LinkInit {
	readonly connect: () => Promise<NatsConnection>;
	/**
	 * Called when there is a connection. The link is up afterwards.
	 *
	 * @throws what is wrong. The link tries again.
	 */
	readonly prepare: (connection: NatsConnection) => Promise<void>;
	readonly onUp: () => void;
	/** Called each time that a connection ends, or a try to connect fails. */
	readonly onDown: (error: Error) => void;
	/** A number from 0 to 1. */
	readonly random: () => number;
	/** Calls back after milliseconds. The result cancels. */
	readonly after: (milliseconds: number, callback: () => void) => () => void;
}

/**
 * Keeps one connection to NATS. Each try is a new one: what the earlier one was asked has failed, and
 * nothing is sent twice. Tries are spread at random, so that many processes do not come at once.
 */
export class Link {
	readonly #init: LinkInit;
	/** The try to connect, or the connection. */
	#attempt: symbol | undefined;
	#connection: NatsConnection | undefined;
	#isUp = false;
	readonly #retries: Retries;
	#cancelRetry: (() => void) | undefined;
	#isClosed = false;

	constructor(init: LinkInit) {
		this.#init = init;
		this.#retries = new Retries(init.random);
	}

	/** The connection while the link is up. */
	get connection(): NatsConnection | undefined {
		return this.#isUp ? this.#connection : undefined;
	}

	/** The connection, also while it is prepared. */
	get unprepared(): NatsConnection | undefined {
		return this.#connection;
	}

	/** Begins to connect. */
	start(): void {
		void this.#connect();
	}

	/** Ends the connection, and makes a new one. */
	drop(reason: Error): void {
		if (this.#attempt !== undefined) this.#lost(this.#attempt, reason);
	}

	close(): void {
		this.#isClosed = true;
		this.#cancelRetry?.();
		this.#attempt = undefined;
		this.#end();
	}

	async #connect(): Promise<void> {
		this.#cancelRetry = undefined;
		const attempt = Symbol();
		this.#attempt = attempt;
		const cancel = this.#init.after(DEADLINE, () =>
			this.#lost(attempt, new Error(`There was no answer within ${DEADLINE / 1000} s.`)),
		);
		try {
			const connection = await this.#init.connect();
			// It came too late.
			if (this.#attempt !== attempt) return abandon(connection);
			this.#connection = connection;
			// An engine keeps no process alive.
			connection.protocol?.transport?.socket?.unref?.();
			void this.#watch(attempt, connection);
			void connection.closed().then((error) => {
				const reason = error instanceof Error ? error : new Error('The connection was closed.');
				this.#lost(attempt, reason);
			});
			await this.#init.prepare(connection);
			if (this.#attempt !== attempt) return;
			this.#isUp = true;
			this.#retries.connected();
			this.#init.onUp();
		} catch (error) {
			this.#lost(attempt, error as Error);
		} finally {
			cancel();
		}
	}

	/** A server tells what a user may not do, and leaves the request without an answer. */
	async #watch(attempt: symbol, connection: NatsConnection): Promise<void> {
		for await (const { type, error } of connection.status()) {
			const isRefusal = type === 'error' && error?.name === 'PermissionViolationError';
			if (isRefusal) this.#lost(attempt, error);
		}
	}

	#lost(attempt: symbol, reason: Error): void {
		if (this.#attempt !== attempt) return;
		this.#attempt = undefined;
		this.#end();
		if (this.#isClosed) return;
		// What the engine finds wrong with a server is not about the way to it.
		const isUseless = reason instanceof NatsError;
		const wait = this.#retries.failed({ isUseless, isFinal: isUseless && reason.isFinal });
		this.#cancelRetry = this.#init.after(wait, () => void this.#connect());
		this.#init.onDown(reason);
	}

	#end(): void {
		const connection = this.#connection;
		this.#connection = undefined;
		this.#isUp = false;
		if (connection !== undefined) abandon(connection);
	}
}

/** Ends a connection that may be half-open: nothing waits for it. */
function abandon(connection: NatsConnection): void {
	connection.close().catch(() => {});
}
