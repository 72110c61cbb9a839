/** Engines on a real server of NATS, whose address is in NATS_URL. */

import { after, type TestContext } from 'node:test';
import { EngineProcess, newPrefix, type Stage, testWith } from '../engine/engine.fixture.ts';
import { readAddress } from './connection/address.ts';
import type { NatsConnection, NatsModule } from './connection/client.ts';
import { connectorAt } from './connection/connector.ts';
import { Requests } from './connection/requests.ts';
import { Store } from './connection/store.ts';
import { NatsEngine } from './nats-engine.ts';

export const NATS_URL: string | undefined = process.env.NATS_URL;

/** A test that needs a server. */
export const serverTest: Stage['test'] = testWith(NATS_URL, 'NATS_URL');

export async function natsModule(): Promise<NatsModule> {
	const name: string = '@nats-io/transport-node';
	return (await import(name)) as NatsModule;
}

/** A process of a site on NATS. */
export class Process extends EngineProcess<NatsEngine> {
	constructor(prefix: string, environment: Readonly<Record<string, string | undefined>>) {
		super(
			({ host, log }) =>
				new NatsEngine({
					site: 'test',
					prefix,
					connector: async () => connectorAt(await natsModule(), readAddress(environment)),
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
	{ prefix = newPrefix(), url = NATS_URL }: { prefix?: string; url?: string | undefined } = {},
): Promise<readonly Process[]> {
	const all = Array.from({ length: count }, () => new Process(prefix, { NATS_URL: url }));
	context.after(() => Promise.all(all.map(({ engine }) => engine.close())));
	await Promise.all(all.map(({ engine }) => engine.start()));
	return all;
}

let admin: NatsConnection | undefined;

/** A connection of the test itself. */
export async function direct(): Promise<NatsConnection> {
	admin ??= await (await natsModule()).connect({ servers: [new URL(NATS_URL ?? '').host] });
	return admin;
}

after(() => admin?.close());

let requests: Requests | undefined;

async function adminRequests(): Promise<Requests> {
	if (requests !== undefined) return requests;
	const connection = await direct();
	const random = (length: number) => newPrefix().slice(-length);
	requests = new Requests({ connection: () => connection, drop: () => {}, random });
	requests.join(connection);
	return requests;
}

/** Asks the API of JetStream. */
export async function askApi(name: string, request?: object): Promise<unknown> {
	const payload = request === undefined ? '' : JSON.stringify(request);
	const answer = await (await adminRequests()).ask({ subject: `$JS.API.${name}`, payload });
	return JSON.parse(Buffer.from(answer?.data ?? []).toString());
}

/** A stream, for the test itself. */
export async function storeOf(stream: string): Promise<Store> {
	const module = await natsModule();
	return new Store({
		requests: await adminRequests(),
		headers: () => module.headers(),
		stream,
		hasReplicas: () => false,
		drop: () => {},
		refused: () => {},
		random: (length) => newPrefix().slice(-length),
	});
}

/** For the cases of all engines. */
export const STAGE: Stage = {
	test: serverTest,
	processes: (context, count) => processes(context, count),
};
