/** Engines on a real server of Redis or Valkey, whose address is in REDIS_URL. */

import { after, type TestContext } from 'node:test';
import { EngineProcess, newPrefix, type Stage, testWith } from '../engine/engine.fixture.ts';
import { readAddress } from './connection/address.ts';
import type { RedisClient } from './connection/client.ts';
import { type ClientModule, clientsAt } from './connection/clients.ts';
import { RedisEngine } from './redis-engine.ts';

export { member, newPrefix, RealHost, until, Watcher } from '../engine/engine.fixture.ts';

export const REDIS_URL: string | undefined = process.env.REDIS_URL;
/** The client library: `ioredis` or `iovalkey`. */
export const CLIENT: string = process.env.REDIS_CLIENT ?? 'ioredis';

/** A test that needs a server. */
export const serverTest: Stage['test'] = testWith(REDIS_URL, 'REDIS_URL');

export async function clientModule(): Promise<ClientModule> {
	return (await import(CLIENT)) as ClientModule;
}

/** A process of a site on Redis. */
export class Process extends EngineProcess<RedisEngine> {
	constructor(prefix: string, environment: Readonly<Record<string, string | undefined>>) {
		super(
			({ host, log }) =>
				new RedisEngine({
					site: 'test',
					prefix,
					clients: async () => clientsAt(await clientModule(), readAddress(environment)),
					host,
					log,
				}),
		);
	}
}

/** Starts processes of one site. They end with the test. */
export async function processes(
	context: TestContext,
	count: number,
	{ prefix = newPrefix(), url = REDIS_URL }: { prefix?: string; url?: string | undefined } = {},
): Promise<readonly Process[]> {
	const all = Array.from({ length: count }, () => new Process(prefix, { REDIS_URL: url }));
	context.after(() => Promise.all(all.map(({ engine }) => engine.close())));
	await Promise.all(all.map(({ engine }) => engine.start()));
	return all;
}

/** A process alone. */
export async function oneProcess(context: TestContext): Promise<Process> {
	const [process] = await processes(context, 1);
	if (process === undefined) throw new Error('There is no process.');
	return process;
}

let admin: RedisClient | undefined;

/** A client of the test itself. */
export async function direct(): Promise<RedisClient> {
	if (admin !== undefined) return admin;
	const client = clientsAt(await clientModule(), readAddress(process.env)).commands();
	client.on('error', () => {});
	await client.connect();
	admin = client;
	return client;
}

after(() => admin?.disconnect());

/** For the cases of all engines. */
export const STAGE: Stage = {
	test: serverTest,
	processes: (context, count) => processes(context, count),
};
