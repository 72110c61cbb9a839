import { createListeners } from './listeners.ts';
import { call } from './report.ts';

/** A listener of a store. The old value is undefined in the first call of `subscribe()`. */
export type StoreListener<Value> = (value: Value, oldValue?: Value) => void;

/**
 * A value that changes, for Nano Stores' bindings and Svelte's `$store`. It has everything of a
 * `ReadableAtom`, because the types of the bindings take nothing less.
 */
export interface Store<Value> {
	/** The value. The same reference as long as nothing changed. */
	readonly value: Value;
	/** The first value, which a server renders: `useStore(store, { ssr: 'initial' })` of React. */
	readonly init: Value;
	/** The number of listeners. */
	readonly lc: number;
	get(): Value;
	/** Calls the listener for each change. The result ends it. */
	listen(listener: StoreListener<Value>): () => void;
	/** Calls the listener at once, and for each change. The result ends it. */
	subscribe(listener: StoreListener<Value>): () => void;
	/** Calls the listeners with the value. */
	notify(oldValue?: Value): void;
	/** Removes all listeners. */
	off(): void;
	/** Whether two values are the same. */
	eq(oldValue: Value | undefined, newValue: Value): boolean;
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
	const listeners = createListeners<[value: Value, oldValue?: Value]>(retain);
	const store: WritableStore<Value> = {
		get value() {
			return value;
		},
		init: value,
		get lc() {
			return listeners.size;
		},
		eq: Object.is,
		get: () => value,
		listen: (listener) =>
			listeners.listen((told, old) => {
				// A listener that has set the store has told everyone of the newer value.
				if (told === value) listener(told, old);
			}),
		subscribe(listener) {
			const unlisten = store.listen(listener);
			call(listener, value);
			return unlisten;
		},
		set(next) {
			if (next === value) return;
			const old = value;
			value = next;
			store.notify(old);
		},
		notify: (old) => listeners.tell(value, old),
		off: listeners.off,
	};
	return store;
}
