import type { SharedEngines } from '../../realtime/testing/process-server.ts';
import { createRedisEngine } from '../realtime/redis-engine.ts';
import { readAddress } from '../redis/connection/address.ts';
import type { Clients, RedisClient } from '../redis/connection/client.ts';
import { type ClientModule, clientsAt } from '../redis/connection/clients.ts';
import { loadClient, newPrefix, SITE, unreachable } from './shared-engines.ts';

/** Keys that one request looks at. */
const SCANNED_AT_ONCE = 1000;

/**
 * Engines on the Redis of REDIS_URL.
 *
 * @throws Error if there is no address, or no client.
 */
export function redisEngines(root: URL): SharedEngines {
	const { client, module } = loadClient<ClientModule>(root, 'redis');
	const clients = clientsAt(module, readAddress(process.env));
	const prefix = newPrefix();
	const load = async (): Promise<ClientModule> => module;
	return {
		create: (services) =>
			createRedisEngine(services, { site: SITE, prefix, client, load, hooks: {} }),
		unreachable: () => unreachable('redis', 'REDIS_URL'),
		remove: () => removeKeys(clients, prefix),
	};
}

async function removeKeys(clients: Clients, prefix: string): Promise<void> {
	const client = clients.commands();
	// The command that fails tells it.
	client.on('error', () => {});
	await client.connect();
	try {
		const nodes = client.isCluster ? (client.nodes?.('master') ?? []) : [client];
		for (const node of nodes) await removeKeysOf(node, prefix);
	} finally {
		client.disconnect();
	}
}

async function removeKeysOf(node: RedisClient, prefix: string): Promise<void> {
	let cursor = '0';
	do {
		const [next, keys] = (await node.callBuffer(
			'SCAN',
			cursor,
			'MATCH',
			`{${prefix}:*`,
			'COUNT',
			SCANNED_AT_ONCE,
		)) as readonly [Buffer, readonly Buffer[]];
		// In a Cluster, one command removes no keys of several buckets.
		for (const key of keys) await node.callBuffer('UNLINK', key);
		cursor = String(next);
	} while (cursor !== '0');
}
