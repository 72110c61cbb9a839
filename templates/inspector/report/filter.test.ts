import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row, RowKind } from './events.ts';
import { type Filter, ShownRows } from './filter.ts';

const ALL: Filter = {
	text: '',
	kinds: new Set<RowKind>(['message', 'control', 'handshake', 'error']),
	connection: undefined,
	channel: undefined,
};

function row(number: number, init: Partial<Row> = {}): Row {
	return { number, at: 0, kind: 'message', label: 'text', text: `row ${number}`, ...init };
}

function numbers(rows: ShownRows, filter: Partial<Filter> = {}): number[] {
	return rows.shown({ ...ALL, ...filter }).map(({ number }) => number);
}

test('a list has each row once, and the last ones', () => {
	const rows = new ShownRows(3);
	rows.add('a', [row(1), row(2)]);
	rows.add('a', [row(1), row(2), row(3), row(4)]);
	assert.deepEqual(numbers(rows), [2, 3, 4]);
	assert.deepEqual(rows.position, { run: 'a', since: 4 });
});

test('another run of the server begins again', () => {
	const rows = new ShownRows(10);
	rows.add('a', [row(1), row(2)]);
	rows.clear();
	rows.add('b', [row(1)]);
	assert.deepEqual(numbers(rows), [1]);
});

test('a paused list stays as it is, and tells how many rows wait', () => {
	const rows = new ShownRows(10);
	rows.add('a', [row(1)]);
	rows.pause();
	rows.add('a', [row(2), row(3)]);
	assert.deepEqual(numbers(rows), [1]);
	assert.equal(rows.waiting, 2);
	rows.resume();
	assert.deepEqual(numbers(rows), [1, 2, 3]);
});

test('a cleared list has only what comes later, also while it is paused', () => {
	const rows = new ShownRows(10);
	rows.add('a', [row(1)]);
	rows.pause();
	rows.add('a', [row(2)]);
	rows.clear();
	assert.equal(rows.waiting, 0);
	rows.resume();
	rows.add('a', [row(3)]);
	assert.deepEqual(numbers(rows), [3]);
});

test('the filter takes words, kinds, a connection and a channel', () => {
	const rows = new ShownRows(10);
	rows.add('a', [
		row(1, { connection: 1, label: 'said', text: 'Hello Ada' }),
		row(2, { connection: 2, channel: 'rooms (room: lobby)' }),
		row(3, { kind: 'control', label: 'ping' }),
	]);
	assert.deepEqual(numbers(rows, { text: 'ada hello' }), [1]);
	assert.deepEqual(numbers(rows, { text: '#2' }), [2]);
	assert.deepEqual(numbers(rows, { text: 'lobby' }), [2]);
	assert.deepEqual(numbers(rows, { kinds: new Set(['control'] as const) }), [3]);
	assert.deepEqual(numbers(rows, { connection: 1 }), [1]);
	assert.deepEqual(numbers(rows, { channel: 'rooms (room: lobby)' }), [2]);
});
