/**
 * Runs the tests of connections again, on the SQLite of an object that sleeps before and after each
 * step of a client.
 */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { settled } from '../../../realtime/channel/channel.fixture.ts';
import { ground, Stage } from '../../../realtime/server/server.fixture.ts';
import { FakeStorage } from '../../engine/engine.fixture.ts';
import { ObjectAlarm } from '../../engine/object-alarm.ts';
import { ObjectEngine } from '../../engine/object-engine.ts';
import { SqlRoster } from '../../engine/sql-roster.ts';
import { SqlUsers } from '../../engine/sql-users.ts';
import { Tables } from '../../engine/tables.ts';

const storages = new WeakMap<Stage, FakeStorage>();
const engines = new WeakMap<Stage, ObjectEngine>();
let sleeps = 0;

ground.engine = (stage) => {
	const { host } = stage;
	const storage = storages.get(stage) ?? new FakeStorage();
	storages.set(stage, storage);
	const alarm = new ObjectAlarm(
		{
			getAlarm: () => storage.getAlarm(),
			async setAlarm(time) {
				await storage.setAlarm(time);
				host.wakeAfter(time - host.now(), ring);
			},
		},
		() => host.now(),
		(message, error) => host.report(message, error),
	);
	const tables = new Tables(storage);
	let users: SqlUsers | undefined;
	const engine: ObjectEngine = new ObjectEngine({
		tables,
		host,
		alarm,
		key: 'rooms%2F%5Broom%5D/lobby',
		epoch: 'abcdefgh',
		presenceCheck: 60_000,
		users: (watcher) => {
			users = new SqlUsers({
				tables,
				host,
				alarm,
				userId: 'ada',
				watcher,
				deliver: async () => {},
				has: async () => true,
			});
			return users;
		},
	});
	function ring(): void {
		storage.alarm = null;
		alarm.rang(() => {
			engine.sweep();
			users?.sweep();
		});
	}
	engines.set(stage, engine);
	const time = storage.alarm;
	if (time !== null) alarm.ringBy(time);
	return engine;
};

ground.restored = (stage, sessions) => engines.get(stage)?.roster.restore(sessions);

ground.pause = async (stage) => {
	await settled();
	if (stage.host.isBusy || !stage.maySleep) return;
	sleeps++;
	await stage.sleep();
};

const repeated = import('../../../realtime/server/mux.test.ts');

test('connections keep their sessions in the SQLite of an object', async () => {
	assert.ok(new Stage().hub.roster instanceof SqlRoster);
	// The runner ends after the last test that it knows. Until the others are there, this one runs.
	await repeated;
});

after(() => assert.ok(sleeps > 100, `only ${sleeps} sleeps`));
