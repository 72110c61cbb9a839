import assert from 'node:assert/strict';
import { member, newPrefix, only, until, Watcher } from '../../engine/engine.fixture.ts';
import { rosterCases } from '../../engine/roster-cases.fixture.ts';
import { TcpProxy } from '../../engine/tcp-proxy.fixture.ts';
import { Names } from '../connection/names.ts';
import { LossyWay } from '../lossy-way.fixture.ts';
import { NATS_URL, Process, processes, STAGE, serverTest, storeOf } from '../nats.fixture.ts';
import { writeMember } from './member.ts';

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

serverTest(
	'a process that lost its lease, and then its link, enters its members again',
	async (context) => {
		const prefix = newPrefix();
		const { hostname, port } = new URL(NATS_URL ?? '');
		const way = await TcpProxy.start(context, Number(port), hostname);
		const { engine } = new Process(prefix, { NATS_URL: `nats://${way.address}` });
		context.after(() => engine.close());
		await engine.start();
		await engine.roster.enter('lobby', member('a'));
		const names = new Names(prefix);
		const store = await storeOf(names.stateStream);
		let process = '';
		for await (const { subject } of store.from(`${names.leases}*`, 1)) {
			process = subject.slice(names.leases.length);
		}
		way.loseAnswerTo(new RegExp(`state\\.t\\.p\\.(?!${process})`));
		// Others have declared it dead, and removed its members.
		await store.put({ subject: names.leases + process, data: '{"end":"dead"}' });
		const subject = names.member(names.channel('lobby'), 'a');
		const number = 1;
		await store.put({ subject, data: writeMember({ id: 'a', process, number, entry: undefined }) });
		await until('it is down', () => engine.status.state === 'down');
		way.open();
		await until('the member is back', async () => {
			const members = await engine.roster.present('lobby').catch(() => []);
			return members.length === 1;
		});
	},
);
