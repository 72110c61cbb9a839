import assert from 'node:assert/strict';
import type { Entry } from '../../../realtime/channel/ports.ts';
import { newPrefix, only, until, Watcher } from '../../engine/engine.fixture.ts';
import { logCases } from '../../engine/log-cases.fixture.ts';
import { Names } from '../connection/names.ts';
import { processes, STAGE, storeOf } from '../nats.fixture.ts';

logCases(STAGE);

STAGE.test(
	'keeps messages for as long as the channel says, by the clock of NATS',
	async (context) => {
		const [process] = await STAGE.processes(context, 1);
		assert.ok(process);
		const { log } = process.engine;
		const { head: root } = await log.last('lobby', 0);
		const kept = async (): Promise<readonly Entry[]> => (await log.last('lobby', 10)).entries;
		// A publisher with a wrong clock changes nothing.
		const message = { name: 'said', data: '1', at: 0 };
		const first = await log.append('lobby', message, { size: 10, ttl: 1 });
		await until('the message has expired', async () => (await kept()).length === 0);
		assert.deepEqual(await log.after('lobby', root, 10), { entries: [], head: first });
		const second = await log.append('lobby', { ...message, data: '2' }, { size: 10, ttl: 1 });
		await until('the next one has expired as well', async () => (await kept()).length === 0);
		assert.deepEqual(await log.after('lobby', first, 10), { entries: [], head: second });
	},
);

STAGE.test('a channel that a newer version wrote is refused, and others work', async (context) => {
	const prefix = newPrefix();
	const { engine, host } = only(await processes(context, 1, { prefix }));
	const watcher = new Watcher();
	await engine.log.watch('lobby', watcher);
	const names = new Names(prefix);
	const store = await storeOf(names.logStream);
	await store.put({ subject: names.channel('lobby').records, data: '[2,"of another kind"]\n' });
	const message = { name: 'said', data: '1', at: 1 };
	const kept = { size: 10, ttl: 60 };
	const refusal = { code: 'SERVICE_UNAVAILABLE', message: /newer version of the package/ };
	await assert.rejects(engine.log.append('lobby', message, kept), refusal);
	await assert.rejects(engine.log.last('lobby', 10), refusal);
	await until('it was reported', () => host.reports.length === 1);
	await engine.log.append('hall', message, kept);
	assert.equal((await engine.log.last('hall', 10)).entries.length, 1);
	assert.deepEqual([watcher.entries, engine.status.state], [[], 'up']);
});
