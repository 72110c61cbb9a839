/** A listener as `addEventListener()` takes it. */
export type EventListenerLike =
	| ((event: Event) => unknown)
	| { handleEvent(event: Event): unknown };

/** The asynchronous context at one time: what a runtime's `AsyncResource` is made with. */
export interface AsyncScope {
	/** Calls `run` in it. */
	runInAsyncScope<This, Arguments extends unknown[], Result>(
		run: (this: This, ...args: Arguments) => Result,
		thisArg: This,
		...args: Arguments
	): Result;
}

/**
 * Wraps a listener so that neither its exceptions nor its rejections get out: Node's EventTarget
 * turns the former into `uncaughtException`, which ends the process.
 *
 * @param context The one in which the listener was attached, and in which it runs. Outside of it
 * the stores of the request, upstream's and the site's own, would be missing.
 */
export function guard(
	listener: EventListenerLike,
	context: AsyncScope,
	onFailure: (error: unknown) => void,
): (event: Event) => void {
	return function (this: unknown, event: Event): void {
		try {
			const result = context.runInAsyncScope(call, undefined, listener, this, event);
			if (isThenable(result)) result.then(undefined, onFailure);
		} catch (error) {
			onFailure(error);
		}
	};
}

function call(listener: EventListenerLike, target: unknown, event: Event): unknown {
	return typeof listener === 'function'
		? listener.call(target, event)
		: listener.handleEvent(event);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
	return (
		typeof value === 'object' &&
		value !== null &&
		'then' in value &&
		typeof value.then === 'function'
	);
}
