import assert from 'node:assert/strict';
import { member, newPrefix, only, until, Watcher } from '../../engine/engine.fixture.ts';
import { rosterCases } from '../../engine/roster-cases.fixture.ts';
import { LossyWay } from '../lossy-way.fixture.ts';
import { NATS_URL, Process, processes, STAGE, serverTest } from '../nats.fixture.ts';

rosterCases(STAGE);

serverTest(
	'a change of presence that was lost on the way is noticed with the next one',
	async (context) => {
		const prefix = newPrefix();
		const way = await LossyWay.start(context, NATS_URL ?? '');
		const one = new Process(prefix, { NATS_URL: `nats://${way.address}` });
		context.after(() => one.engine.close());
		await one.engine.start();
		const { roster } = only(await processes(context, 1, { prefix })).engine;
		const watcher = new Watcher();
		await one.engine.roster.watch('lobby', watcher);
		await one.engine.roster.present('lobby');
		await roster.enter('lobby', member('a'));
		await until('it arrived', () => watcher.present.has('a'));
		way.loses = /told\.t\.m\./;
		await roster.enter('lobby', member('b'));
		await until('it got lost', () => way.lost === 1);
		way.loses = undefined;
		await roster.enter('lobby', member('c'));
		await until('the next one arrived', () => watcher.present.has('c'));
		await until('the watcher was told', () => watcher.interruptions === 1, 1000);
		assert.equal((await one.engine.roster.present('lobby')).length, 3);
		await roster.depart('lobby', 'b', 0);
		await until('it left', () => watcher.changes.includes('b left'));
		assert.equal(watcher.interruptions, 1);
	},
);
