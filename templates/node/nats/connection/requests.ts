import { unanswered, unavailable } from '../../engine/answers.ts';
import { DEADLINE, MAX_PENDING, MAX_PENDING_BYTES } from '../../engine/limits.ts';
import { afterReading } from '../../process/after-reading.ts';
import { now } from '../../process/clock.ts';
import type { NatsConnection, NatsHeaders, NatsMessage } from './client.ts';

/** Milliseconds between two looks for requests that got no answer. */
const LOOK = 500;

/** The statuses with which a sequence of answers ends. */
const NO_RESPONDERS = 503;

interface Pending {
	readonly since: number;
	readonly size: number;
	/** Returns whether it was the last answer. */
	readonly answered: (message: NatsMessage) => boolean;
	readonly reject: (error: Error) => void;
}

export interface RequestsInit {
	/** The connection while the link is up, or is prepared. */
	readonly connection: () => NatsConnection | undefined;
	/** The link cannot be used as it is. */
	readonly drop: (reason: Error) => void;
	/** A random text of this length. */
	readonly random: (length: number) => string;
}

/** A message before it is sent. */
export interface Outgoing {
	readonly subject: string;
	readonly payload: string | Uint8Array;
	readonly headers?: NatsHeaders | undefined;
}

/**
 * Sends requests within a time. Each is sent once: one that fails after it was sent may have been
 * done, and rejects with `TIMEOUT`.
 */
export class Requests {
	readonly #init: RequestsInit;
	/** By the end of the subject of its answer. Oldest first. */
	readonly #pending = new Map<string, Pending>();
	#inbox = '';
	#count = 0;
	#bytes = 0;
	#timer: NodeJS.Timeout | undefined;

	constructor(init: RequestsInit) {
		this.#init = init;
	}

	/** The number of requests without an answer. */
	get pending(): number {
		return this.#pending.size;
	}

	/** Takes the answers of a new connection. */
	join(connection: NatsConnection): void {
		const inbox = `_INBOX.${this.#init.random(22)}`;
		this.#inbox = inbox;
		connection.subscribe(`${inbox}.*`, {
			callback: (error, message) => {
				if (error !== null) return;
				const key = message.subject.slice(inbox.length + 1);
				const pending = this.#pending.get(key);
				if (pending?.answered(message)) this.#remove(key, pending);
			},
		});
	}

	/**
	 * Sends messages together, the last one as a request.
	 *
	 * @returns The answer. Undefined if nobody listens to the subject.
	 * @throws RealtimeError `SERVICE_UNAVAILABLE` if they were not sent, `TIMEOUT` if there is no answer.
	 */
	async ask(...messages: readonly Outgoing[]): Promise<NatsMessage | undefined> {
		const message = await new Promise<NatsMessage>((resolve, reject) => {
			const answered = (answer: NatsMessage): true => {
				resolve(answer);
				return true;
			};
			this.#send(messages, answered, reject);
		});
		return message.headers?.code === NO_RESPONDERS ? undefined : message;
	}

	/**
	 * Sends a request with several answers. The last one has a status.
	 *
	 * @returns The answers.
	 * @throws RealtimeError as {@link ask} does.
	 */
	async askMany(message: Outgoing): Promise<readonly NatsMessage[]> {
		return await new Promise((resolve, reject) => {
			const answers: NatsMessage[] = [];
			const answered = (answer: NatsMessage): boolean => {
				answers.push(answer);
				if (!answer.headers?.code) return false;
				resolve(answers);
				return true;
			};
			this.#send([message], answered, reject);
		});
	}

	/** Publishes a message that nobody answers. @throws RealtimeError if there is no connection. */
	tell({ subject, payload }: Outgoing): void {
		const connection = this.#init.connection();
		if (connection === undefined) throw unavailable();
		connection.publish(subject, payload);
	}

	/** The connection ended. What was sent may have been done. */
	fail(): void {
		for (const [key, pending] of [...this.#pending]) {
			this.#remove(key, pending);
			pending.reject(unanswered());
		}
	}

	#send(
		messages: readonly Outgoing[],
		answered: Pending['answered'],
		reject: Pending['reject'],
	): void {
		const connection = this.#init.connection();
		if (connection === undefined) {
			reject(unavailable());
			return;
		}
		const size = messages.reduce((sum, { payload }) => sum + payload.length, 0);
		if (this.#pending.size >= MAX_PENDING || this.#bytes + size > MAX_PENDING_BYTES) {
			reject(unavailable('The realtime engine is overloaded.'));
			return;
		}
		const key = String(++this.#count);
		const pending = { since: now(), size, answered, reject };
		this.#pending.set(key, pending);
		this.#bytes += size;
		this.#timer ??= setInterval(() => afterReading(() => this.#look()), LOOK).unref();
		try {
			for (const [index, { subject, payload, headers }] of messages.entries()) {
				const isLast = index === messages.length - 1;
				connection.publish(subject, payload, {
					...(headers && { headers }),
					...(isLast && { reply: `${this.#inbox}.${key}` }),
				});
			}
		} catch {
			// The connection has just ended. The last message was not sent.
			this.#remove(key, pending);
			reject(unavailable());
		}
	}

	#remove(key: string, pending: Pending): void {
		if (this.#pending.delete(key)) this.#bytes -= pending.size;
	}

	#look(): void {
		const late = now() - DEADLINE;
		let isSilent = false;
		for (const [key, pending] of this.#pending) {
			if (pending.since > late) break;
			this.#remove(key, pending);
			pending.reject(unanswered());
			isSilent = true;
		}
		if (isSilent) {
			this.#init.drop(new Error(`There was no answer within ${DEADLINE / 1000} s.`));
		}
		if (this.#pending.size > 0) return;
		clearInterval(this.#timer);
		this.#timer = undefined;
	}
}
