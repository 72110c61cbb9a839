import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AstroError } from 'astro/errors';
import type { Plugin } from 'vite';
import type { RealtimeEngine, ResolvedRealtimeOptions } from './realtime-options.ts';

/** The module that gives `node/realtime` its engine. */
const ENGINE_MODULE = 'virtual:astro-websocket:realtime-engine';

/** What an engine of several processes is made of. */
interface EngineParts {
	/** The module of this package, and the function that it exports. */
	readonly module: string;
	readonly create: string;
	/** The packages that talk to the server. The first one that is installed is used. */
	readonly clients: readonly string[];
}

const PARTS: Readonly<Record<Exclude<RealtimeEngine, 'memory'>, EngineParts>> = {
	redis: {
		module: 'redis-engine',
		create: 'createRedisEngine',
		clients: ['ioredis', 'iovalkey'],
	},
	nats: {
		module: 'nats-engine',
		create: 'createNatsEngine',
		clients: ['@nats-io/transport-node'],
	},
};

/** The longest prefix that is made of a name. */
const LONGEST_PREFIX = 64;

export interface EngineModuleInit {
	readonly options: ResolvedRealtimeOptions;
	readonly root: URL;
	/** The path of the hooks file, null if there is none. */
	readonly hooksFile: string | null;
	/** The name of this package. */
	readonly packageName: string;
	readonly isDevelopment: boolean;
}

/**
 * Provides the engine of the site's channels. The server gets the code of this engine alone.
 *
 * @throws AstroError if the package of its client is not installed.
 */
export function enginePlugin(init: EngineModuleInit): Plugin {
	const resolved = `\0${ENGINE_MODULE}`;
	const content = engineModule(init);
	return {
		name: ENGINE_MODULE,
		resolveId: (id) => (id === ENGINE_MODULE ? resolved : undefined),
		load: (id) => (id === resolved ? content : undefined),
	};
}

function engineModule(init: EngineModuleInit): string {
	const { options, root, hooksFile, packageName, isDevelopment } = init;
	if (options.engine === 'memory') {
		return `export { createEngine } from ${JSON.stringify(`${packageName}/realtime/memory-engine`)};\n`;
	}
	const { module, create } = PARTS[options.engine];
	const client = installedClient(root, options.engine);
	const site = siteName(root);
	const prefix = options.prefix ?? defaultPrefix(site, isDevelopment);
	const hooks =
		hooksFile === null
			? 'const hooks = {};'
			: `import * as hooks from ${JSON.stringify(hooksFile)};`;
	return `import { ${create} } from ${JSON.stringify(`${packageName}/realtime/${module}`)};
${hooks}
const load = () => import(${JSON.stringify(client)});
const settings = { ...${JSON.stringify({ site, prefix, client })}, load, hooks };
export const createEngine = (services) => ${create}(services, settings);
`;
}

/**
 * The package with which a site talks to the server of an engine.
 *
 * @throws AstroError if there is none.
 */
export function installedClient(root: URL, engine: Exclude<RealtimeEngine, 'memory'>): string {
	const { clients } = PARTS[engine];
	const { resolve } = createRequire(new URL('package.json', root));
	const installed = clients.find((name) => {
		try {
			resolve(name);
			return true;
		} catch {
			return false;
		}
	});
	if (installed !== undefined) return installed;
	const names = clients.map((name) => `\`${name}\``).join(' or ');
	const missing = clients.length > 1 ? 'neither is' : 'it is not';
	throw new AstroError(
		`\`realtime: { engine: '${engine}' }\` needs the package ${names}, and ${missing} installed.`,
		`Run \`npm install ${clients[0]}\``,
	);
}

/** The name of the site, which its data in an engine is marked with. */
function siteName(root: URL): string {
	try {
		const manifest: { readonly name?: unknown } = JSON.parse(
			readFileSync(new URL('package.json', root), 'utf-8'),
		);
		if (typeof manifest.name === 'string' && manifest.name !== '') return manifest.name;
	} catch {}
	return basename(fileURLToPath(root));
}

/** A prefix of the site's own. What runs in `astro dev` does not reach the site in production. */
function defaultPrefix(site: string, isDevelopment: boolean): string {
	const ending = isDevelopment ? '-dev' : '';
	const name = site.replaceAll(/[^\w.:-]+/g, '-').replace(/^-+/, '');
	return (name || 'site').slice(0, LONGEST_PREFIX - ending.length) + ending;
}
