import { AsyncResource } from 'node:async_hooks';

/** A listener as `addEventListener()` takes it. */
export type EventListenerLike =
	| ((event: Event) => unknown)
	| { handleEvent(event: Event): unknown };

/**
 * Wraps a listener so that neither its exceptions nor its rejections get out: Node's EventTarget
 * turns the former into `uncaughtException`, which ends the process.
 *
 * It runs in the asynchronous context in which it was attached. Outside of it the stores of the
 * request, upstream's and the site's own, would be missing.
 */
export function guard(
	listener: EventListenerLike,
	onFailure: (error: unknown) => void,
): (event: Event) => void {
	// What `AsyncLocalStorage.snapshot()` is made of, without the closures that it adds.
	const context = new AsyncResource('WebSocketHandler');
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
