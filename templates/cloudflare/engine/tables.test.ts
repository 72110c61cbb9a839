import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeStorage } from './engine.fixture.ts';
import { type Migration, Tables } from './tables.ts';

const COLOUR: readonly Migration[] = [
	{ table: 'online', statements: ['ALTER TABLE online ADD COLUMN never TEXT'] },
	{
		table: 'published',
		statements: [
			"ALTER TABLE published ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'",
			"UPDATE published SET colour = 'blue' WHERE id = 'one'",
		],
	},
];

function publish(tables: Tables, id: string): void {
	tables.write('published', 'INSERT INTO published (id, position, at) VALUES (?, ?, 0)', id, id);
}

test('a table is made when it is written to', () => {
	const storage = new FakeStorage();
	const tables = new Tables(storage);
	assert.deepEqual(tables.read('published', 'SELECT * FROM published'), []);
	tables.change('published', 'DELETE FROM published');
	assert.deepEqual(storage.tables, []);
	publish(tables, 'one');
	assert.deepEqual(storage.tables, ['meta', 'published']);
});

test('a table that a failed transaction made is made again', () => {
	const tables = new Tables(new FakeStorage());
	assert.throws(
		() =>
			tables.transaction(() => {
				publish(tables, 'one');
				throw new Error('oops');
			}),
		/oops/,
	);
	publish(tables, 'two');
	assert.deepEqual(tables.read('published', 'SELECT id FROM published'), [{ id: 'two' }]);
});

test('an object of an older version is migrated once, in its own tables', () => {
	const storage = new FakeStorage();
	publish(new Tables(storage), 'one');
	for (let wake = 0; wake < 2; wake++) new Tables(storage, COLOUR);
	const tables = new Tables(storage, COLOUR);
	publish(tables, 'two');
	assert.deepEqual(tables.read('published', 'SELECT id, colour FROM published ORDER BY id'), [
		{ id: 'one', colour: 'blue' },
		{ id: 'two', colour: 'red' },
	]);
	assert.deepEqual(tables.read('meta', 'SELECT value FROM meta'), [{ value: 3 }]);
});

test('a migration that fails changes nothing', () => {
	const storage = new FakeStorage();
	publish(new Tables(storage), 'one');
	const broken = [...COLOUR, { table: 'published', statements: ['DROP TABLE nothing'] } as const];
	assert.throws(() => new Tables(storage, broken));
	const tables = new Tables(storage, COLOUR);
	assert.equal(tables.read('published', 'SELECT colour FROM published').length, 1);
});

test('an object of a newer version is left alone', () => {
	const storage = new FakeStorage();
	publish(new Tables(storage, COLOUR), 'one');
	assert.throws(
		() => new Tables(storage),
		/have version 3, and this Worker knows versions up to 1/,
	);
});
