import type { Engine } from '../../realtime/user/engine.ts';
import { readAddress } from '../redis/connection/address.ts';
import type { Clients } from '../redis/connection/client.ts';
import { type ClientModule, clientsAt, clientsLike } from '../redis/connection/clients.ts';
import { EngineError } from '../redis/connection/errors.ts';
import { RedisEngine } from '../redis/redis-engine.ts';
import type { EngineServices } from './engine-services.ts';

/** What the configuration says of the engine. */
export interface RedisSettings {
	readonly site: string;
	readonly prefix: string;
	/** The package of the client. */
	readonly client: string;
	/** Loads the package of the client. */
	readonly load: () => Promise<ClientModule>;
	/** The exports of the hooks file. */
	readonly hooks: { readonly redis?: unknown };
}

/** The engine of several processes with one Redis or Valkey. */
export function createRedisEngine(
	{ host, log }: EngineServices,
	{ site, prefix, ...settings }: RedisSettings,
): Engine {
	const clients = () => findClients(settings, process.env);
	return new RedisEngine({ site, prefix, clients, host, log });
}

async function findClients(
	{ client, load, hooks }: Omit<RedisSettings, 'site' | 'prefix'>,
	environment: NodeJS.ProcessEnv,
): Promise<Clients> {
	const { redis } = hooks;
	if (redis !== undefined) return clientsLike(redis);
	const address = readAddress(environment);
	let module: ClientModule;
	try {
		module = await load();
	} catch (error) {
		throw new EngineError(
			'REDIS_CLIENT_MISSING',
			`The realtime engine \`redis\` needs the package \`${client}\`, which cannot be loaded: ${error}`,
			`Run \`npm install ${client}\``,
		);
	}
	return clientsAt(module, address);
}
