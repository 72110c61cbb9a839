import { unanswered, unavailable } from '../../engine/answers.ts';
import { DEADLINE } from '../../engine/limits.ts';
import { messageTaker, type TakeMessage } from '../../engine/message-taker.ts';
import type { RedisClient } from './client.ts';

/** Called with the bytes of a message. */
export type Listener = (message: Buffer) => void;

export interface SubjectsInit {
	/** The client while the link is up. */
	readonly client: () => RedisClient | undefined;
	/** The link cannot be used as it is. */
	readonly drop: (reason: Error) => void;
	/** Calls back after milliseconds. The result cancels. */
	readonly after: (milliseconds: number, callback: () => void) => () => void;
	readonly report: (message: string, error?: unknown) => void;
}

interface Subject {
	readonly listeners: Set<Listener>;
	/** Settled when Redis has the subscription, or does not. */
	subscribed: Promise<void>;
}

/** Subjects of one SUBSCRIBE. */
const AT_ONCE = 1000;

/**
 * The subscriptions of this process over one connection. Subscriptions of a moment are sent together,
 * and a new connection gets all of them with few commands.
 */
export class Subjects {
	readonly #init: SubjectsInit;
	readonly #subjects = new Map<string, Subject>();
	readonly #take: TakeMessage;
	#joining: { readonly subjects: string[]; readonly done: Promise<void> } | undefined;

	constructor(init: SubjectsInit) {
		this.#init = init;
		this.#take = messageTaker(init.report);
	}

	/** Subscribes a new connection to everything. */
	async join(client: RedisClient): Promise<void> {
		client.on('messageBuffer', (subject, message) => this.#arrived(subject.toString(), message));
		const subjects = [...this.#subjects.keys()];
		for (let start = 0; start < subjects.length; start += AT_ONCE) {
			await client.subscribe(...subjects.slice(start, start + AT_ONCE));
		}
	}

	/**
	 * Resolves when every message that is published from now on will reach the listener.
	 *
	 * @throws RealtimeError if Redis cannot be reached.
	 */
	async listen(name: string, listener: Listener): Promise<() => void> {
		const known = this.#subjects.get(name);
		const subject = known ?? { listeners: new Set(), subscribed: this.#subscribe(name) };
		this.#subjects.set(name, subject);
		subject.listeners.add(listener);
		const end = (): void => {
			if (!subject.listeners.delete(listener) || subject.listeners.size > 0) return;
			if (this.#subjects.get(name) === subject) this.#subjects.delete(name);
			// A failure leaves a subscription to nothing, until the next connection.
			this.#init
				.client()
				?.unsubscribe(name)
				.catch(() => {});
		};
		try {
			await subject.subscribed;
		} catch (error) {
			end();
			throw error;
		}
		return end;
	}

	/** Listens to a subject from now on, also without a connection: the next one gets it. */
	keep(name: string, listener: Listener): void {
		const subscribed = Promise.resolve();
		this.#subjects.set(name, { listeners: new Set([listener]), subscribed });
		// A failure ends the link, and the next one subscribes again.
		if (this.#init.client() !== undefined) this.#subscribe(name).catch(() => {});
	}

	#subscribe(name: string): Promise<void> {
		this.#joining ??= this.#nextJoining();
		this.#joining.subjects.push(name);
		return this.#joining.done;
	}

	#nextJoining(): { readonly subjects: string[]; readonly done: Promise<void> } {
		const subjects: string[] = [];
		const done = Promise.resolve().then(async () => {
			this.#joining = undefined;
			const client = this.#init.client();
			if (client === undefined) throw unavailable();
			const isDone = await this.#isInTime(client.subscribe(...subjects));
			if (isDone) return;
			if (this.#init.client() === client) this.#init.drop(new Error('A subscription failed.'));
			throw unanswered();
		});
		return { subjects, done };
	}

	/** Whether a subscription succeeds within the time of a command. */
	#isInTime(subscribed: Promise<unknown>): Promise<boolean> {
		return new Promise((resolve) => {
			const cancel = this.#init.after(DEADLINE, () => resolve(false));
			const end = (isDone: boolean): void => {
				cancel();
				resolve(isDone);
			};
			subscribed.then(
				() => end(true),
				() => end(false),
			);
		});
	}

	#arrived(name: string, message: Buffer): void {
		for (const listener of [...(this.#subjects.get(name)?.listeners ?? [])]) {
			this.#take(listener, message);
		}
	}
}
