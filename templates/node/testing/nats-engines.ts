import { randomBytes } from 'node:crypto';
import type { SharedEngines } from '../../realtime/testing/process-server.ts';
import { machineClock } from '../../realtime/testing/test-clock.ts';
import { readAddress } from '../nats/connection/address.ts';
import { apiOf } from '../nats/connection/api.ts';
import type { Connector, NatsModule } from '../nats/connection/client.ts';
import { connectorAt } from '../nats/connection/connector.ts';
import { Names } from '../nats/connection/names.ts';
import { Requests } from '../nats/connection/requests.ts';
import { createNatsEngine } from '../realtime/nats-engine.ts';
import { loadClient, newPrefix, SITE, unreachable } from './shared-engines.ts';

/**
 * Engines on the NATS of NATS_URL.
 *
 * @throws Error if there is no address, or no client.
 */
export function natsEngines(root: URL): SharedEngines {
	const { client, module } = loadClient<NatsModule>(root, 'nats');
	const connector = connectorAt(module, readAddress(process.env));
	const prefix = newPrefix();
	const load = async (): Promise<NatsModule> => module;
	return {
		create: (services) =>
			createNatsEngine(services, { site: SITE, prefix, client, load, hooks: {} }),
		unreachable: () => unreachable('nats', 'NATS_URL'),
		remove: () => removeStreams(connector, new Names(prefix)),
	};
}

async function removeStreams(connector: Connector, names: Names): Promise<void> {
	const connection = await connector.connect();
	const requests = new Requests({
		connection: () => connection,
		drop: () => {},
		random: (length) => randomBytes(length).toString('hex').slice(0, length),
	});
	try {
		requests.join(connection);
		const api = apiOf(requests, machineClock.after);
		for (const stream of [names.logStream, names.stateStream]) await api(`STREAM.DELETE.${stream}`);
	} finally {
		requests.fail();
		await connection.close();
	}
}
