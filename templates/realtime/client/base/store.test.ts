import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createStore } from './store.ts';

describe('a store', () => {
	it('calls a new subscriber at once, and a new listener with the next change', () => {
		const store = createStore(1);
		const calls: unknown[] = [];
		store.listen((...values) => calls.push(['listen', ...values]));
		store.subscribe((...values) => calls.push(['subscribe', ...values]));
		store.set(2);
		assert.deepEqual(calls, [
			['subscribe', 1],
			['listen', 2, 1],
			['subscribe', 2, 1],
		]);
		assert.equal(store.get(), 2);
		assert.equal(store.value, 2);
	});

	it('does not tell a value that is the same', () => {
		const list: number[] = [];
		const store = createStore(list);
		let calls = 0;
		store.listen(() => calls++);
		store.set(list);
		assert.equal(calls, 0);
		assert.equal(store.get(), list);
	});

	it('calls a subscriber once whose subscription changes the value', () => {
		const store = createStore(1, () => {
			store.set(2);
			return () => {};
		});
		const values: number[] = [];
		store.subscribe((value) => values.push(value));
		assert.deepEqual(values, [2]);
	});

	it('ends one listening of a function that listens twice', () => {
		const store = createStore(1);
		let calls = 0;
		const listener = () => calls++;
		const unlisten = store.listen(listener);
		store.listen(listener);
		unlisten();
		unlisten();
		store.set(2);
		assert.equal(calls, 1);
	});

	it('does not call a listener that an earlier one removed', () => {
		const store = createStore(1);
		store.listen(() => unlisten());
		let calls = 0;
		const unlisten = store.listen(() => calls++);
		store.set(2);
		assert.equal(calls, 0);
	});

	it('tells only the newest value if a listener sets the store', () => {
		const store = createStore(1);
		const values: number[] = [];
		store.listen((value) => value === 2 && store.set(3));
		store.listen((value) => values.push(value));
		store.set(2);
		assert.deepEqual(values, [3]);
	});

	it('calls the other listeners if one throws, and reports the error', (test) => {
		const report = test.mock.method(console, 'error', () => {});
		const store = createStore(1);
		const error = new Error('Broken.');
		const values: number[] = [];
		store.listen(() => {
			throw error;
		});
		store.listen((value) => values.push(value));
		store.set(2);
		assert.deepEqual(values, [2]);
		assert.deepEqual(report.mock.calls[0]?.arguments, [error]);
	});

	it('keeps its first value, and counts its listeners', () => {
		const store = createStore(1);
		store.listen(() => {});
		const unlisten = store.listen(() => {});
		store.set(2);
		assert.equal(store.init, 1);
		assert.equal(store.lc, 2);
		unlisten();
		assert.equal(store.lc, 1);
	});

	it('calls its listeners on demand, and removes them all', () => {
		let uses = 0;
		const store = createStore(1, () => {
			uses++;
			return () => uses--;
		});
		const calls: unknown[] = [];
		store.listen((...values) => calls.push(values));
		const unlisten = store.listen(() => {});
		store.notify(0);
		store.off();
		unlisten();
		store.set(2);
		assert.deepEqual(calls, [[1, 0]]);
		assert.equal(store.lc, 0);
		assert.equal(uses, 0);
	});

	it('is retained by each listener until it is removed', () => {
		let uses = 0;
		const store = createStore(1, () => {
			uses++;
			return () => uses--;
		});
		const first = store.listen(() => {});
		const second = store.subscribe(() => {});
		assert.equal(uses, 2);
		first();
		first();
		assert.equal(uses, 1);
		second();
		assert.equal(uses, 0);
	});
});
