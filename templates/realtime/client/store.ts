import { call } from './report.ts';

/** A listener of a store. The old value is undefined in the first call of `subscribe()`. */
export type StoreListener<Value> = (value: Value, oldValue?: Value) => void;

/** A value that changes, for Nano Stores' bindings and Svelte's `$store`. */
export interface Store<Value> {
	/** The value. The same reference as long as nothing changed. */
	readonly value: Value;
	get(): Value;
	/** Calls the listener for each change. The result ends it. */
	listen(listener: StoreListener<Value>): () => void;
	/** Calls the listener at once, and for each change. The result ends it. */
	subscribe(listener: StoreListener<Value>): () => void;
}

export interface WritableStore<Value> extends Store<Value> {
	set(value: Value): void;
}

/**
 * @param retain Called for each new listener. Its result is called when the listener is removed.
 */
export function createStore<Value>(
	value: Value,
	retain: () => () => void = () => () => {},
): WritableStore<Value> {
	const listeners = new Set<{ readonly listener: StoreListener<Value> }>();
	const store: WritableStore<Value> = {
		get value() {
			return value;
		},
		get: () => value,
		listen(listener) {
			// An object of its own: a function that listens twice is called twice.
			const entry = { listener };
			listeners.add(entry);
			const release = retain();
			return () => {
				if (listeners.delete(entry)) release();
			};
		},
		subscribe(listener) {
			const unlisten = store.listen(listener);
			call(listener, value);
			return unlisten;
		},
		set(next) {
			if (next === value) return;
			const old = value;
			value = next;
			for (const entry of [...listeners]) {
				// A listener that sets the store has told everyone of the newer value.
				if (value !== next) return;
				if (listeners.has(entry)) call(entry.listener, next, old);
			}
		},
	};
	return store;
}
