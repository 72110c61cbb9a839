import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineStage } from './engine.fixture.ts';
import type { ObjectAlarm } from './object-alarm.ts';
import { SqlUsers } from './sql-users.ts';
import { Tables } from './tables.ts';

class Stage extends EngineStage {
	readonly told: string[] = [];
	readonly delivered: string[] = [];
	#current: { readonly users: SqlUsers; readonly alarm: ObjectAlarm } | undefined;

	async wake(connected: readonly string[] = []): Promise<SqlUsers> {
		const alarm = await this.alarm();
		const users = new SqlUsers({
			tables: new Tables(this.storage),
			host: this.host,
			alarm,
			userId: 'ada',
			watcher: {
				online: (id) => this.told.push(`${id} came`),
				offline: (id) => this.told.push(`${id} went`),
				message: (id, data) => this.told.push(`${id} got ${data}`),
			},
			deliver: async (channel) => {
				this.delivered.push(channel);
			},
			has: async () => true,
		});
		users.restore(new Set(connected));
		this.#current = { users, alarm };
		return users;
	}

	async pass(milliseconds: number): Promise<void> {
		await this.advance(milliseconds, () => {
			const current = this.#current;
			current?.alarm.rang(() => current.users.sweep());
		});
	}
}

test('a user is online from the first connection to the end of the last, through sleeps', async () => {
	const stage = new Stage();
	await (await stage.wake()).enter('ada', 'one');
	await (await stage.wake(['one'])).enter('ada', 'two');
	await (await stage.wake(['one', 'two'])).depart('ada', 'one', 5000);
	const users = await stage.wake(['two']);
	await stage.pass(60_000);
	assert.deepEqual(stage.told, ['ada came']);
	await users.depart('ada', 'two', 5000);
	await stage.pass(4999);
	assert.equal(await users.isOnline(), true);
	await stage.pass(1);
	assert.equal(await users.isOnline(), false);
	assert.deepEqual(stage.told, ['ada came', 'ada went']);
});

test('a connection that was lost together with the object departs after 15 s', async () => {
	const stage = new Stage();
	await (await stage.wake()).enter('ada', 'one');
	await stage.wake();
	await stage.pass(14_999);
	assert.deepEqual(stage.told, ['ada came']);
	await stage.pass(1);
	assert.deepEqual(stage.told, ['ada came', 'ada went']);
});

test('a message goes through the channels that have plain clients of the user, once each', async () => {
	const stage = new Stage();
	const users = await stage.wake();
	await users.enter('ada', 'inbox');
	for (const id of ['one', 'two']) await users.enter('ada', id, 'rooms/lobby');
	await users.send('ada', '1');
	assert.deepEqual(stage.told, ['ada came', 'ada got 1']);
	assert.deepEqual(stage.delivered, ['rooms/lobby']);
	// Their sockets are not here, so a sleep of this object says nothing about them.
	await stage.wake(['inbox']);
	await stage.pass(60_000);
	assert.equal(await users.isOnline(), true);
});
