import {
	beingDispatched,
	CURRENT_TARGET,
	type Dispatched,
	IS_IN_PASSIVE,
	IS_STOPPED,
	TARGET,
} from './dispatch.ts';
import { adopt } from './foreign-event.ts';

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

/** Gives the asynchronous context of the caller, `undefined` where there are none. */
export type CaptureContext = () => AsyncScope | undefined;

/** Hears of what a listener throws, or rejects with. */
export type OnFailure<Target> = (target: Target, error: unknown) => void;

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
	callback: EventListenerLike;
	/**
	 * The context in which it was added, and in which it runs. Outside of it the stores of the
	 * request, upstream's and the site's own, would be missing.
	 */
	context: AsyncScope | undefined;
	isRemoved: boolean;
}

/**
 * The listeners of an `EventTarget`, which takes its own three methods from here.
 *
 * Neither exceptions nor rejections of a listener get out: Node's own target turns the former into
 * `uncaughtException`, which ends the process. And it takes more memory than the rest of a socket.
 */
export class Listeners {
	/** In order. Replaced, never changed: a dispatch goes through those that it began with. */
	#all: readonly Listener[] = [];

	/** @returns Whether it was added. */
	add(
		type: string,
		callback: EventListenerLike | null,
		options: ListenerOptions,
		captureContext: CaptureContext,
	): boolean {
		if (!isCallback(callback)) return false;
		const flags = flagsOf(options);
		const { capture, signal } = flags;
		if (signal?.aborted || this.#find(type, callback, capture) !== undefined) return false;
		const listener = this.#append(type, callback, captureContext(), flags);
		if (signal !== undefined) removeOnAbort(signal, listener);
		return true;
	}

	remove(type: string, callback: EventListenerLike | null, options: ListenerOptions): void {
		this.#remove(this.#find(type, callback, flagsOf(options).capture));
	}

	/** The value of an event handler attribute. */
	attribute(type: string): EventListenerLike | null {
		return this.#findAttribute(type)?.callback ?? null;
	}

	/**
	 * Sets an event handler attribute as HTML has it: replacing one keeps its place.
	 *
	 * @returns Whether there is one now.
	 */
	setAttribute(type: string, value: unknown, captureContext: CaptureContext): boolean {
		const present = this.#findAttribute(type);
		if (typeof value !== 'function') {
			this.#remove(present);
			return false;
		}
		const callback = value as EventListenerLike;
		const context = captureContext();
		if (present === undefined) this.#append(type, callback, context);
		else Object.assign(present, { callback, context });
		return true;
	}

	/**
	 * Dispatches an event (DOM Standard, section 2.9).
	 *
	 * @throws DOMException `InvalidStateError` for one that is being dispatched.
	 */
	dispatch<Target extends EventTarget>(
		target: Target,
		event: Event,
		onFailure: OnFailure<Target>,
	): void {
		const { type } = event;
		const dispatched = begin(event, target);
		for (const listener of this.#all) {
			if (listener.type !== type || listener.isRemoved) continue;
			if (listener.flags?.once) this.#remove(listener);
			dispatched[IS_IN_PASSIVE] = Boolean(listener.flags?.passive);
			run(listener, target, event, onFailure);
			if (dispatched[IS_STOPPED]) break;
		}
		end(dispatched);
	}

	#append(
		type: string,
		callback: EventListenerLike,
		context: AsyncScope | undefined,
		flags?: Flags,
	): Listener {
		const listener = { type, flags, callback, context, isRemoved: false };
		// Some may have been removed by their signals. `concat()` leaves no room for more.
		this.#all = this.#all.filter(({ isRemoved }) => !isRemoved).concat(listener);
		return listener;
	}

	#find(type: string, callback: unknown, capture: boolean): Listener | undefined {
		return this.#all.find(
			(listener) =>
				listener.callback === callback &&
				listener.type === type &&
				listener.flags?.capture === capture &&
				!listener.isRemoved,
		);
	}

	#findAttribute(type: string): Listener | undefined {
		return this.#all.find((listener) => listener.flags === undefined && listener.type === type);
	}

	#remove(listener: Listener | undefined): void {
		if (listener === undefined) return;
		listener.isRemoved = true;
		this.#all = this.#all.filter((other) => other !== listener);
	}
}

function begin(event: Event & Partial<Dispatched>, target: EventTarget): Dispatched {
	const dispatched = event[CURRENT_TARGET] === undefined ? adopt(event) : (event as Dispatched);
	if (dispatched[CURRENT_TARGET] !== null) throw beingDispatched();
	dispatched[TARGET] = target;
	dispatched[CURRENT_TARGET] = target;
	return dispatched;
}

function end(dispatched: Dispatched): void {
	dispatched[CURRENT_TARGET] = null;
	dispatched[IS_STOPPED] = false;
	dispatched[IS_IN_PASSIVE] = false;
}

function run<Target extends EventTarget>(
	{ callback, context }: Listener,
	target: Target,
	event: Event,
	onFailure: OnFailure<Target>,
): void {
	try {
		const handler = typeof callback === 'function' ? callback : callback.handleEvent;
		const self = typeof callback === 'function' ? target : callback;
		const result =
			context === undefined
				? handler.call(self, event)
				: context.runInAsyncScope(handler, self, event);
		if (isThenable(result)) result.then(undefined, (error) => onFailure(target, error));
	} catch (error) {
		onFailure(target, error);
	}
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
	return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}

/** WebIDL: a callback is an object, or null, which adds nothing. */
function isCallback(value: unknown): value is EventListenerLike {
	if (value === null || value === undefined) return false;
	if (typeof value === 'function' || typeof value === 'object') return true;
	throw new TypeError(`A listener must be a function or an object, got: ${typeof value}`);
}

/** Those of most listeners, which share them. */
const NONE: Flags = flagsOf({});

/** What is no dictionary says whether it captures. */
function flagsOf(options: ListenerOptions): Flags {
	if (options === undefined) return NONE;
	const { capture, once, passive, signal } =
		typeof options === 'object' && options !== null ? options : { capture: options };
	return { capture: Boolean(capture), once, passive, signal };
}

/** A signal may live longer than many targets, and must not keep them. */
function removeOnAbort(signal: AbortSignal, listener: Listener): void {
	const added = new WeakRef(listener);
	const remove = (): void => {
		const present = added.deref();
		if (present !== undefined) present.isRemoved = true;
	};
	signal.addEventListener('abort', remove, { once: true });
}
