import { CURRENT_TARGET, type Dispatched, IS_IN_PASSIVE, IS_STOPPED, TARGET } from './dispatch.ts';
import { FOREIGN_MEMBERS } from './foreign-event.ts';

/** A listener as `addEventListener()` takes it. */
export type EventListenerLike =
	| ((event: Event) => unknown)
	| { handleEvent(event: Event): unknown };

/** The third argument of `addEventListener()`. */
export type ListenerOptions = Parameters<EventTarget['addEventListener']>[2];

/** The asynchronous context at one time: what a runtime's `AsyncResource` is made with. */
export interface AsyncScope {
	/** Calls `run` in it. */
	runInAsyncScope<This, Arguments extends unknown[], Result>(
		run: (this: This, ...args: Arguments) => Result,
		thisArg: This,
		...args: Arguments
	): Result;
}

/** What handlers need of the runtime they run in. */
export interface HandlerRuntime {
	/** Gives the asynchronous context of the caller, `undefined` where there are none. */
	captureContext(): AsyncScope | undefined;
	/** Keeps the request alive until the work has settled. Absent where requests do not end work. */
	waitUntil?(work: unknown): void;
}

/** What listeners belong to. */
export interface ListenersOwner {
	/** Where events are dispatched. */
	readonly socket: EventTarget;
	/** A listener for events of this type was added. */
	onListener(type: string): void;
	/**
	 * A listener has thrown this, or rejected with it.
	 *
	 * @returns What is still being done about it.
	 */
	onFailure(error: unknown): unknown;
}

/** How a listener was added (DOM Standard, section 2.7). */
interface Flags {
	readonly capture: boolean;
	readonly once: boolean | undefined;
	readonly passive: boolean | undefined;
	readonly signal: AbortSignal | undefined;
}

/** A listener that was added. */
interface Listener {
	readonly type: string;
	/** None for the value of `onmessage` or its like. */
	readonly flags: Flags | undefined;
	/** None any more once it was removed; it leaves its place when the next one is added. */
	callback: EventListenerLike | undefined;
	/**
	 * The context in which it was added, and in which it runs. Outside of it the stores of the
	 * request, upstream's and the site's own, would be missing.
	 */
	context: AsyncScope | undefined;
}

/** One that is not removed. */
interface Present extends Listener {
	callback: EventListenerLike;
}

/**
 * The listeners of an `EventTarget`, which takes its own three methods from here.
 *
 * Neither exceptions nor rejections of a listener get out: Node's own target turns the former into
 * `uncaughtException`, which ends the process. And it takes more memory than the rest of a socket.
 */
export class Listeners {
	readonly #owner: ListenersOwner;
	readonly #runtime: HandlerRuntime;
	/** In order. Replaced, never changed: a dispatch goes through those that it began with. */
	#all: readonly Listener[] = [];

	constructor(owner: ListenersOwner, runtime: HandlerRuntime) {
		this.#owner = owner;
		this.#runtime = runtime;
	}

	add(type: string, callback: EventListenerLike | null, options: ListenerOptions): void {
		// WebIDL: a callback is an object, or null, which adds nothing.
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

	/** Sets an event handler attribute as HTML has it: replacing one keeps its place. */
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
	 * @throws DOMException `InvalidStateError` for one that is being dispatched.
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
			const self = isFunction ? this.#owner.socket : callback;
			const result = (
				context === undefined
					? handler.call(self, event)
					: context.runInAsyncScope(handler, self, event)
			) as Partial<PromiseLike<unknown>> | null | undefined;
			if (typeof result?.then === 'function') {
				const done = result.then(undefined, (error) => this.#owner.onFailure(error));
				this.#runtime.waitUntil?.(done);
			}
		} catch (error) {
			// In two steps: without `waitUntil` its argument would not be evaluated.
			const done = this.#owner.onFailure(error);
			this.#runtime.waitUntil?.(done);
		}
	}

	#append(type: string, callback: EventListenerLike, flags?: Flags): void {
		const listener = { type, flags, callback, context: this.#runtime.captureContext() };
		// `concat()` leaves no room for more.
		this.#all = this.#all.filter(isPresent).concat(listener);
		this.#owner.onListener(type);
	}

	/** Without `capture`, the value of an event handler attribute. */
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

/** A signal that was aborted has removed its listeners. */
function isPresent(listener: Listener): listener is Present {
	return listener.callback !== undefined && !listener.flags?.signal?.aborted;
}

/** Those of most listeners, which share them. */
const NONE: Flags = flagsOf({});

/** What is no dictionary says whether it captures. */
function flagsOf(options: ListenerOptions): Flags {
	if (options === undefined) return NONE;
	const dictionary = Object(options) === options ? options : { capture: options };
	const { capture, once, passive, signal } = dictionary as Partial<Flags>;
	return { capture: Boolean(capture), once, passive, signal };
}
