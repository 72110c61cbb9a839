import type { Engine } from '../../realtime/user/engine.ts';
import { readAddress, readReplicas } from '../nats/connection/address.ts';
import type { Connector, NatsModule } from '../nats/connection/client.ts';
import { connectorAt, connectorWith } from '../nats/connection/connector.ts';
import { NatsError } from '../nats/connection/errors.ts';
import { NatsEngine } from '../nats/nats-engine.ts';
import type { EngineServices } from './engine-services.ts';

/** What the configuration says of the engine. */
export interface NatsSettings {
	readonly site: string;
	readonly prefix: string;
	/** The package of the client. */
	readonly client: string;
	/** Loads the package of the client. */
	readonly load: () => Promise<NatsModule>;
	/** The exports of the hooks file. */
	readonly hooks: { readonly nats?: unknown };
}

/** The engine of several processes with one NATS. */
export function createNatsEngine(
	{ host, log }: EngineServices,
	{ site, prefix, ...settings }: NatsSettings,
): Engine {
	const connector = () => findConnector(settings, process.env);
	return new NatsEngine({ site, prefix, connector, host, log });
}

async function findConnector(
	{ client, load, hooks }: Omit<NatsSettings, 'site' | 'prefix'>,
	environment: NodeJS.ProcessEnv,
): Promise<Connector> {
	const { nats } = hooks;
	const address = nats === undefined ? readAddress(environment) : undefined;
	let module: NatsModule;
	try {
		module = await load();
	} catch (error) {
		throw new NatsError(
			'NATS_CLIENT_MISSING',
			`The realtime engine \`nats\` needs the package \`${client}\`, which cannot be loaded: ${error}`,
			`Run \`npm install ${client}\``,
		);
	}
	if (address !== undefined) return connectorAt(module, address);
	return connectorWith(module, nats, readReplicas(environment.NATS_REPLICAS?.trim()));
}
