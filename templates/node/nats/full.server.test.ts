import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { isOutage } from '../../realtime/channel/outage.ts';
import { newPrefix, only, until } from '../engine/engine.fixture.ts';
import { Process } from './nats.fixture.ts';
import { NatsServer, ownServerTest } from './own-server.fixture.ts';

/** Messages that expire at once, of channels that keep two. */
const KEPT = { size: 2, ttl: 1 };

/** A server whose account may store 1 MB. */
async function smallServer(context: TestContext): Promise<NatsServer> {
	const folder = await mkdtemp(join(tmpdir(), 'realtime-'));
	context.after(() => rm(folder, { recursive: true, force: true }));
	const file = join(folder, 'nats.conf');
	await writeFile(
		file,
		`jetstream { store_dir: ${JSON.stringify(folder)} }
		accounts { site: { jetstream: { max_file: 1MB }, users: [{ user: ada, password: secret }] } }`,
	);
	return await NatsServer.start(context, '--config', file);
}

ownServerTest('a full server is told once, and has room when messages expire', async (context) => {
	const server = await smallServer(context);
	const url = server.url.replace('://', '://ada:secret@');
	const { engine, host } = new Process(newPrefix(), { NATS_URL: url });
	context.after(() => engine.close());
	await engine.start();
	/** Returns whether NATS took it. */
	const takes = async (channel: number, length: number): Promise<boolean> => {
		const message = { name: 'said', data: JSON.stringify('x'.repeat(length)), at: 1 };
		try {
			await engine.log.append(`room ${channel}`, message, KEPT);
			return true;
		} catch (error) {
			assert.ok(isOutage(error), String(error));
			return false;
		}
	};
	let count = 0;
	while (await takes(count++ % 50, 8_000));
	// The signs of life are smaller.
	await until('it was told', () => host.reports.length === 1);
	assert.equal(engine.status.state, 'up');
	assert.match(only(host.reports), /The space for JetStream on NATS at \S+ is used up: resource/);
	// Also positions have no room.
	while (await takes(count++ % 50, 8_000));
	while (await takes(100, 1));
	await until('there is room', () => takes(count++, 8_000));
	await until('there is room for as much as before', async () => {
		for (let more = 0; more < 50; more++) if (!(await takes(count++, 8_000))) return false;
		return true;
	});
});
