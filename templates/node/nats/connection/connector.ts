import { DEADLINE } from '../../engine/limits.ts';
import type { Address } from './address.ts';
import type { Connector, NatsConnection, NatsModule } from './client.ts';
import { NatsError } from './errors.ts';

/** Options that make a connection do nothing by itself. A link makes a new one for each try. */
const PASSIVE = {
	reconnect: false,
	waitOnFirstConnect: false,
	timeout: DEADLINE,
	pingInterval: 10_000,
	maxPingOut: 2,
	name: 'realtime',
	noEcho: false,
	ignoreClusterUpdates: true,
	noAsyncTraces: true,
} as const;

/** Makes connections to an address. */
export function connectorAt(module: NatsModule, address: Address): Connector {
	const { place, isTls, replicas, servers, user, password, token } = address;
	const login = {
		...(user !== undefined && { user, pass: password }),
		...(token !== undefined && { token }),
	};
	// The client checks the certificate of an address without a name by the name `localhost`.
	const options = servers.map((server) => ({
		servers: [server],
		...login,
		...(isTls && { tls: { host: hostOf(server) } }),
	}));
	return connector(module, options, { place, isTls, replicas });
}

/** The host of a host with a port. */
function hostOf(server: string): string {
	return server.slice(0, server.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

/**
 * Makes connections with options that the site gives: `servers`, `authenticator`, `tls` and others
 * of `connect()`.
 *
 * @throws NatsError for something else, such as a connection: it belongs to the site, and reconnects
 * in its own way.
 */
export function connectorWith(
	module: NatsModule,
	given: unknown,
	replicas: number | undefined,
): Connector {
	if (typeof given !== 'object' || given === null || 'publish' in given || 'then' in given) {
		throw new NatsError(
			'NATS_CLIENT_INVALID',
			'The export `nats` of the hooks file is not the options of a connection.',
			"Export an object as `connect()` of `@nats-io/transport-node` takes it: { servers: 'host:4222' }",
		);
	}
	const isTls = Reflect.get(given, 'tls') !== undefined;
	const place = 'the servers of `nats` in the hooks file';
	return connector(module, [given], { place, isTls, replicas });
}

/** @param choices Options of connections, of which one is enough. */
function connector(
	module: NatsModule,
	choices: readonly object[],
	rest: Pick<Connector, 'place' | 'isTls' | 'replicas'>,
): Connector {
	if (typeof module.connect !== 'function' || typeof module.headers !== 'function') {
		throw new NatsError(
			'NATS_CLIENT_INVALID',
			'The package `@nats-io/transport-node` exports no `connect`.',
			'Run `npm install @nats-io/transport-node@3`',
		);
	}
	return { ...rest, module, connect: () => connectToAny(module, choices) };
}

/** Tries all in turn, from a random one on, so that processes are spread over the servers. */
async function connectToAny(
	module: NatsModule,
	choices: readonly object[],
): Promise<NatsConnection> {
	const first = Math.floor(Math.random() * choices.length);
	let failure: unknown;
	for (const options of [...choices.slice(first), ...choices.slice(0, first)]) {
		try {
			return await module.connect({ ...options, ...PASSIVE });
		} catch (error) {
			failure = error;
		}
	}
	throw failure;
}
