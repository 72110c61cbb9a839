import { DEADLINE } from '../../engine/limits.ts';
import { Retries } from '../../engine/retries.ts';
import type { RedisClient } from './client.ts';
import { EngineError } from './errors.ts';

export interface LinkInit {
	/** Makes a client that does not connect yet. Undefined if there is nothing to connect to. */
	readonly open: () => RedisClient | undefined;
	/**
	 * Called when the client is connected. The link is up afterwards.
	 *
	 * @throws what is wrong. The link tries again.
	 */
	readonly prepare: (client: RedisClient) => Promise<void>;
	readonly onUp: (client: RedisClient) => void;
	/** Called each time that a connection ends, or a try to connect fails. */
	readonly onDown: (error: Error) => void;
	/** A number from 0 to 1. */
	readonly random: () => number;
	/** Calls back after milliseconds. The result cancels. */
	readonly after: (milliseconds: number, callback: () => void) => () => void;
}

/**
 * Keeps one connection to Redis. Each try is a new client: what the earlier one was asked has failed,
 * and nothing is sent twice. Tries are spread at random, so that many processes do not come at once.
 */
export class Link {
	readonly #init: LinkInit;
	#client: RedisClient | undefined;
	#isUp = false;
	readonly #retries: Retries;
	#cancelRetry: (() => void) | undefined;
	#isClosed = false;

	constructor(init: LinkInit) {
		this.#init = init;
		this.#retries = new Retries(init.random);
	}

	/** The client while the link is up. */
	get client(): RedisClient | undefined {
		return this.#isUp ? this.#client : undefined;
	}

	/** Begins to connect. */
	start(): void {
		if (this.#client !== undefined || this.#cancelRetry !== undefined || this.#isClosed) return;
		void this.#connect();
	}

	/** Ends the connection, and makes a new one. */
	drop(reason: Error): void {
		const client = this.#client;
		if (client !== undefined) this.#lost(client, reason);
	}

	close(): void {
		this.#isClosed = true;
		this.#cancelRetry?.();
		const client = this.#client;
		this.#client = undefined;
		this.#isUp = false;
		client?.disconnect();
	}

	async #connect(): Promise<void> {
		this.#cancelRetry = undefined;
		let client: RedisClient | undefined;
		try {
			client = this.#init.open();
		} catch (error) {
			return this.#failed(error as Error);
		}
		if (client === undefined) return this.#failed(new Error('There is no server to connect to.'));
		const opened = client;
		this.#client = opened;
		// The client tells of its end without a reason. The error came before.
		let reason: Error | undefined;
		opened.on('error', (error) => {
			reason ??= error;
		});
		opened.on('end', () => this.#lost(opened, reason ?? new Error('The connection was closed.')));
		// An engine keeps no process alive.
		opened.on('connect', () => opened.stream?.unref?.());
		const cancel = this.#init.after(DEADLINE, () => {
			this.#lost(opened, reason ?? new Error(`There was no answer within ${DEADLINE / 1000} s.`));
		});
		try {
			await opened.connect();
			await this.#init.prepare(opened);
			if (this.#client !== opened) return;
			this.#isUp = true;
			this.#retries.connected();
			this.#init.onUp(opened);
		} catch (error) {
			this.#lost(opened, error instanceof EngineError ? error : (reason ?? (error as Error)));
		} finally {
			cancel();
		}
	}

	#lost(client: RedisClient, reason: Error): void {
		if (this.#client !== client) return;
		this.#client = undefined;
		this.#isUp = false;
		client.disconnect();
		this.#failed(reason);
	}

	#failed(reason: Error): void {
		if (this.#isClosed) return;
		this.#cancelRetry = this.#init.after(this.#retries.failed(), () => void this.#connect());
		this.#init.onDown(reason);
	}
}
