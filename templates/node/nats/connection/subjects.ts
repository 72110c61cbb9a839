import { unanswered, unavailable } from '../../engine/answers.ts';
import { DEADLINE } from '../../engine/limits.ts';
import { messageTaker, type TakeMessage } from '../../engine/message-taker.ts';
import type { NatsConnection, NatsMessage, NatsSubscription } from './client.ts';

export type Listener = (message: NatsMessage) => void;

export interface SubjectsInit {
	/** The connection while the link is up. */
	readonly connection: () => NatsConnection | undefined;
	/** The link cannot be used as it is. */
	readonly drop: (reason: Error) => void;
	/** Calls back after milliseconds. The result cancels. */
	readonly after: (milliseconds: number, callback: () => void) => () => void;
	readonly report: (message: string, error?: unknown) => void;
}

interface Subject {
	readonly name: string;
	readonly listener: Listener;
	subscription: NatsSubscription | undefined;
}

/** The subscriptions of this process. A new connection gets all of them. */
export class Subjects {
	readonly #init: SubjectsInit;
	readonly #subjects = new Set<Subject>();
	/** The newest connection, which may have ended. */
	#connection: NatsConnection | undefined;
	readonly #take: TakeMessage;
	#flush: { readonly connection: NatsConnection; readonly done: Promise<void> } | undefined;

	constructor(init: SubjectsInit) {
		this.#init = init;
		this.#take = messageTaker(init.report);
	}

	/** Subscribes a new connection to everything. */
	join(connection: NatsConnection): void {
		this.#connection = connection;
		for (const subject of this.#subjects) this.#subscribe(connection, subject);
	}

	/** Listens from now on, also without a connection: the next one gets it. */
	keep(name: string, listener: Listener): () => void {
		const subject: Subject = { name, listener, subscription: undefined };
		this.#subjects.add(subject);
		try {
			if (this.#connection !== undefined) this.#subscribe(this.#connection, subject);
		} catch {
			// It has ended. The next one gets the subscription.
		}
		return () => {
			if (!this.#subjects.delete(subject)) return;
			try {
				subject.subscription?.unsubscribe();
			} catch {
				// The connection has ended, and the subscription with it.
			}
		};
	}

	/**
	 * Resolves when every message that is published from now on will reach the listener.
	 *
	 * @throws RealtimeError if NATS cannot be reached.
	 */
	async listen(name: string, listener: Listener): Promise<() => void> {
		const connection = this.#init.connection();
		if (connection === undefined) throw unavailable();
		const end = this.keep(name, listener);
		try {
			await this.#flushed(connection);
		} catch (error) {
			end();
			throw error;
		}
		return end;
	}

	/** Subscriptions of a moment are confirmed together. */
	#flushed(connection: NatsConnection): Promise<void> {
		if (this.#flush?.connection !== connection) {
			const done = Promise.resolve().then(async () => {
				this.#flush = undefined;
				if (await this.#isInTime(connection.flush())) return;
				if (this.#init.connection() === connection) {
					this.#init.drop(new Error('A subscription failed.'));
				}
				throw unanswered();
			});
			this.#flush = { connection, done };
		}
		return this.#flush.done;
	}

	/** Whether a subscription succeeds within the time of a request. */
	#isInTime(flushed: Promise<unknown>): Promise<boolean> {
		return new Promise((resolve) => {
			const cancel = this.#init.after(DEADLINE, () => resolve(false));
			const end = (isDone: boolean): void => {
				cancel();
				resolve(isDone);
			};
			flushed.then(
				() => end(true),
				() => end(false),
			);
		});
	}

	#subscribe(connection: NatsConnection, subject: Subject): void {
		subject.subscription = connection.subscribe(subject.name, {
			callback: (error, message) => {
				if (error === null) this.#take(subject.listener, message);
			},
		});
	}
}
