import type { MemberView } from '../../channel/rules.ts';
import type { Directory } from './directory.ts';

/** The services of a runtime for the definitions of channels and the server's handles. */
export interface Runtime {
	readonly directory: Directory;
	readonly context: ContextStore<HandlerContext>;
	/** Runs code of the site that is not inside of {@link context}, where a runtime has several sites. */
	enter?<Result>(work: () => Result): Result;
	/** Whether `astro dev` runs. It checks more, and explains more. */
	readonly isDevelopment: boolean;
	/** Calls back once after a number of milliseconds. The result cancels. */
	alarm(milliseconds: number, callback: () => void): () => void;
	/** Keeps the process running until the promise is settled. It never rejects. */
	waitUntil(work: Promise<unknown>): void;
	/** Logs an error for the site's operator. */
	report(message: string, error?: unknown): void;
	/** Logs a message that arrived, or in `astro dev` why a join is refused. */
	log(message: string): void;
	/** The runtime's own form of bytes for handlers in the short form: a `Buffer` in Node. */
	bytes?(data: Uint8Array): Uint8Array;
}

/** `AsyncLocalStorage` has this shape. */
export interface ContextStore<Value> {
	run<Result>(value: Value, callback: () => Result): Result;
	getStore(): Value | undefined;
}

/** The handler that runs. */
export interface HandlerContext {
	/** The channel's file. */
	readonly file: string;
	readonly member: MemberView;
	/**
	 * Takes what the handler sends to its own channel, connection and user. The site is told of what
	 * fails, also if nobody waits for it.
	 */
	publishing(work: Promise<string | undefined>): void;
	/** Calls the `onMessageSent` that applies to the channel's file. */
	sent(message: SentMessage): void;
}

/** A message that the site sent, for `onMessageSent`. */
export interface SentMessage {
	readonly data: unknown;
	/** The event's name, absent for `socket.send()`. */
	readonly event?: string;
	/** The channel's name, absent for `socket.send()`. */
	readonly channel?: string;
	/** The ids of the users that it was sent to. */
	readonly users?: readonly string[];
	/** The ids of the connections that it was sent to. */
	readonly connections?: readonly string[];
}
