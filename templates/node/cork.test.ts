import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { Cork } from './cork.ts';

interface Bench {
	readonly cork: Cork;
	/** What reached the system, write by write. */
	readonly writes: string[][];
	send(text: string): void;
}

function bench(): Bench {
	const writes: string[][] = [];
	const wire = new Writable({
		write(chunk, _encoding, done) {
			writes.push([String(chunk)]);
			done();
		},
		writev(chunks, done) {
			writes.push(chunks.map(({ chunk }) => String(chunk)));
			done();
		},
	});
	const cork = new Cork(wire);
	return {
		cork,
		writes,
		send(text) {
			cork.hold(text.length);
			wire.write(text);
		},
	};
}

const nextTick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

test('what is sent in one tick leaves in one write, in order', async () => {
	const { send, writes } = bench();
	for (const text of ['one', 'two', 'three']) send(text);
	assert.deepEqual(writes, []);
	await nextTick();
	assert.deepEqual(writes, [['one', 'two', 'three']]);
});

test('a lone message leaves before the tick is over', async () => {
	const { send, writes } = bench();
	let isLater = false;
	setImmediate(() => {
		isLater = true;
	});
	send('alone');
	await nextTick();
	assert.deepEqual(writes, [['alone']]);
	assert.equal(isLater, false);
});

test('what is sent in microtasks leaves together as well', async () => {
	const { send, writes } = bench();
	for (const text of ['one', 'two']) Promise.resolve().then(() => send(text));
	await new Promise(setImmediate);
	assert.deepEqual(writes, [['one', 'two']]);
});

test('the next tick starts anew', async () => {
	const { send, writes } = bench();
	send('one');
	await nextTick();
	send('two');
	await nextTick();
	assert.deepEqual(writes, [['one'], ['two']]);
});

test('no more is held than fits', async () => {
	const { send, writes } = bench();
	const large = 'x'.repeat(40 * 1024);
	send(large);
	send(large);
	send('last');
	assert.deepEqual(writes, [[large]]);
	await nextTick();
	assert.deepEqual(writes, [[large], [large, 'last']]);
});
