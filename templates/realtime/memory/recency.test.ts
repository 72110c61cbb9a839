import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recency, type Recent } from './recency.ts';

interface Item extends Recent {
	readonly name: string;
}

function items(...names: readonly string[]): Item[] {
	return names.map((name) => ({ name, older: undefined, newer: undefined }));
}

/** The names, from the oldest to the newest. */
function order(list: Recency<Item>): string {
	let names = '';
	for (let item = list.oldest; item !== undefined; item = item.newer) names += item.name;
	return names;
}

test('keeps items in the order of their last use', () => {
	const list = new Recency<Item>();
	assert.equal(list.oldest, undefined);
	const [a, b, c] = items('a', 'b', 'c') as [Item, Item, Item];
	for (const item of [a, b, c]) list.use(item);
	assert.equal(order(list), 'abc');
	list.use(c);
	list.use(a);
	assert.equal(order(list), 'bca');
	list.use(c);
	assert.equal(order(list), 'bac');
});

test('removes items at both ends and between them, each once', () => {
	const list = new Recency<Item>();
	const all = items('a', 'b', 'c', 'd') as [Item, Item, Item, Item];
	for (const item of all) list.use(item);
	const [a, b, c, d] = all;
	list.remove(b);
	list.remove(b);
	assert.equal(order(list), 'acd');
	list.remove(d);
	list.remove(a);
	assert.equal(order(list), 'c');
	list.use(b);
	assert.equal(order(list), 'cb');
	list.remove(c);
	list.remove(b);
	assert.equal(order(list), '');
});
