import { CURRENT_TARGET, type Dispatched, IS_IN_PASSIVE, IS_STOPPED, TARGET } from './dispatch.ts';
import { FOREIGN_MEMBERS } from './foreign-event.ts';

/** An argument of `addEventListener()`. */
export type EventListenerLike =
	| ((event: Event) => unknown)
	| { handleEvent(event: Event): unknown };

/** The third argument of `addEventListener()`. */
export type ListenerOptions = Parameters<EventTarget['addEventListener']>[2];

/** A captured asynchronous context, such as an `AsyncResource` of the runtime. */
export interface AsyncScope {
	/** Calls `run` in the context. */
	runInAsyncScope<This, Arguments extends unknown[], Result>(
		run: (this: This, ...args: Arguments) => Result,
		thisArg: This,
		...args: Arguments
	): Result;
}

/** The runtime's services for handlers. */
export interface HandlerRuntime {
	/**
	 * Captures the caller's asynchronous context, or returns `undefined` if the runtime has none.
	 */
	captureContext(): AsyncScope | undefined;
	/**
	 * Keeps the request alive until the work has settled. Absent if the end of a request ends no
	 * work.
	 */
	waitUntil?(work: unknown): void;
}

/** The owner of listeners. */
export interface ListenersOwner {
	/** The target of events. */
	readonly socket: EventTarget;
	/** Called when a listener for this type of event was added. */
	onListener(type: string): void;
	/**
	 * Called with the error that a listener threw or rejected with.
	 *
	 * @returns The pending work, if any.
	 */
	onFailure(error: unknown): unknown;
}

/** The options of a listener (DOM Standard, section 2.7). */
interface Flags {
	readonly capture: boolean;
	readonly once: boolean | undefined;
	readonly passive: boolean | undefined;
	readonly signal: AbortSignal | undefined;
}

interface Listener {
	readonly type: string;
	/** Absent for the value of an event handler attribute such as `onmessage`. */
	readonly flags: Flags | undefined;
	/** `undefined` after removal. The entry itself is removed when the next listener is added. */
	callback: EventListenerLike | undefined;
	/**
	 * The context in which it was added and runs. Outside of it, the request's async stores,
	 * Astro's and the site's own, would be missing.
	 */
	context: AsyncScope | undefined;
}

/** A listener that is not removed. */
interface Present extends Listener {
	callback: EventListenerLike;
}

/**
 * The listeners of an `EventTarget`, which delegates its three methods to this class.
 *
 * No exception or rejection of a listener escapes. Node's own target turns exceptions into
 * `uncaughtException`, which ends the process. It also takes more memory than the rest of a socket.
 */
export class Listeners {
	readonly #owner: ListenersOwner;
	readonly #runtime: HandlerRuntime;
	/**
	 * In the order of their addition. Replaced and never mutated, so that a dispatch iterates over
	 * the listeners it started with.
	 */
	#all: readonly Listener[] = [];

	constructor(owner: ListenersOwner, runtime: HandlerRuntime) {
		this.#owner = owner;
		this.#runtime = runtime;
	}

	add(type: string, callback: EventListenerLike | null, options: ListenerOptions): void {
		// WebIDL: a callback is an object or null, and null adds nothing.
		if (callback === null || callback === undefined) return;
		if (Object(callback) !== callback) {
			throw new TypeError(`A listener must be a function or an object, got: ${typeof callback}`);
		}
		const flags = flagsOf(options);
		if (flags.signal?.aborted || this.#find(type, flags.capture, callback)) return;
		this.#append(type, callback, flags);
	}

	remove(type: string, callback: EventListenerLike | null, options: ListenerOptions): void {
		const listener = this.#find(type, flagsOf(options).capture, callback);
		if (listener !== undefined) listener.callback = undefined;
	}

	/** The value of an event handler attribute. */
	attribute(type: string): EventListenerLike | null {
		return this.#find(type)?.callback ?? null;
	}

	/** Sets an event handler attribute by HTML's rules: replacing one keeps its place. */
	setAttribute(type: string, value: unknown): void {
		const callback = typeof value === 'function' ? (value as EventListenerLike) : undefined;
		const present = this.#find(type);
		if (present !== undefined) {
			Object.assign(present, { callback, context: this.#runtime.captureContext() });
		} else if (callback !== undefined) this.#append(type, callback);
	}

	/**
	 * Dispatches an event (DOM Standard, section 2.9).
	 *
	 * @throws DOMException `InvalidStateError` if the event is already being dispatched.
	 */
	dispatch(event: Event & Partial<Dispatched>): void {
		const { type, eventPhase } = event;
		if (eventPhase !== 0) {
			throw new DOMException('The event is being dispatched already.', 'InvalidStateError');
		}
		if (event[CURRENT_TARGET] === undefined) Object.defineProperties(event, FOREIGN_MEMBERS);
		const { socket } = this.#owner;
		event[TARGET] = event[CURRENT_TARGET] = socket;
		for (const listener of this.#all) {
			if (listener.type !== type || !isPresent(listener)) continue;
			event[IS_IN_PASSIVE] = Boolean(listener.flags?.passive);
			this.#run(listener, listener.callback, event);
			if (event[IS_STOPPED]) break;
		}
		event[CURRENT_TARGET] = null;
		event[IS_STOPPED] = event[IS_IN_PASSIVE] = false;
	}

	#run(listener: Listener, callback: EventListenerLike, event: Event): void {
		const { context, flags } = listener;
		if (flags?.once) listener.callback = undefined;
		try {
			const isFunction = typeof callback === 'function';
			const handler = isFunction ? callback : callback.handleEvent;
			const receiver = isFunction ? this.#owner.socket : callback;
			const result = (
				context === undefined
					? handler.call(receiver, event)
					: context.runInAsyncScope(handler, receiver, event)
			) as Partial<PromiseLike<unknown>> | null | undefined;
			if (typeof result?.then === 'function') {
				const done = result.then(undefined, (error) => this.#owner.onFailure(error));
				this.#runtime.waitUntil?.(done);
			}
		} catch (error) {
			// Two statements: without `waitUntil`, an optional call would not evaluate its
			// argument.
			const done = this.#owner.onFailure(error);
			this.#runtime.waitUntil?.(done);
		}
	}

	#append(type: string, callback: EventListenerLike, flags?: Flags): void {
		const listener = { type, flags, callback, context: this.#runtime.captureContext() };
		// `concat()` allocates no spare capacity.
		this.#all = this.#all.filter(isPresent).concat(listener);
		this.#owner.onListener(type);
	}

	/** Without `capture`, finds the value of an event handler attribute. */
	#find(type: string, capture?: boolean, callback?: unknown): Listener | undefined {
		return this.#all.find(
			(listener) =>
				listener.type === type &&
				listener.flags?.capture === capture &&
				(capture === undefined || listener.callback === callback) &&
				isPresent(listener),
		);
	}
}

/** An aborted signal has removed its listeners. */
function isPresent(listener: Listener): listener is Present {
	return listener.callback !== undefined && !listener.flags?.signal?.aborted;
}

/** The flags shared by most listeners. */
const NONE: Flags = flagsOf({});

/** Options other than a dictionary are the `capture` flag. */
function flagsOf(options: ListenerOptions): Flags {
	if (options === undefined) return NONE;
	const dictionary = Object(options) === options ? options : { capture: options };
	const { capture, once, passive, signal } = dictionary as Partial<Flags>;
	return { capture: Boolean(capture), once, passive, signal };
}
