import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { installedClient } from '../configure/realtime-engine.ts';
import type { RealtimeEngine } from '../configure/realtime-options.ts';

/** What marks the data of tested sites. */
export const SITE = 'testing';

/** A prefix that no other site has. */
export function newPrefix(): string {
	return `testing-${randomBytes(6).toString('hex')}`;
}

/** The client of an engine. */
export interface Client<Module> {
	/** The name of its package. */
	readonly client: string;
	readonly module: Module;
}

/**
 * Loads the client of an engine as the site has it.
 *
 * @throws AstroError if none is installed.
 */
export function loadClient<Module>(
	root: URL,
	engine: Exclude<RealtimeEngine, 'memory'>,
): Client<Module> {
	const client = installedClient(root, engine);
	return { client, module: createRequire(new URL('package.json', root))(client) as Module };
}

/** The error for a server that does not answer. */
export function unreachable(engine: string, variable: string): Error {
	return new Error(
		`The server of the realtime engine \`${engine}\` cannot be reached. Start it, or set ${variable} to its address.`,
	);
}
