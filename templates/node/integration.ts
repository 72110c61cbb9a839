import type { AstroConfig, AstroIntegration, AstroIntegrationLogger } from 'astro';
import type { ViteDevServer } from 'vite';
import type { AllowedDomain } from '../shared/allowed-domains.ts';
import { hooksOf, type WebSocketHooks } from '../shared/hooks.ts';
import { findHooksFile } from '../shared/hooks-file.ts';
import { INJECTED_TYPES_FILENAME, injectedTypes } from '../shared/injected-types.ts';
import { type ResolvedWebSocketOptions, resolveWebSocketOptions } from '../shared/options.ts';
import { packageName } from '../shared/package-name.ts';
import { type Report, reporter } from '../shared/report.ts';
import { proxyList } from './client-address.ts';
import { connections } from './connections.ts';
import { attachDevServer, closeDevConnections } from './dev.ts';
import { hooksPlugin } from './hooks-file.ts';
import type { Host } from './host.ts';

/** The adapter's options with everything resolved that the built server needs to know. */
export type WithWebSocket<Options extends object> = Omit<Options, 'websocket'> & {
	websocket: ResolvedWebSocketOptions;
};

/**
 * Checks the `websocket` option and fills in its defaults, in a copy.
 *
 * @throws TypeError that names the option that is wrong.
 */
export function resolveUserOptions<Options extends object>(
	userOptions: Options,
): WithWebSocket<Options> {
	return { ...userOptions, websocket: resolveWebSocketOptions(userOptions) };
}

/**
 * Adds to upstream's integration what a site needs at the time of configuration and in dev.
 *
 * @param userOptions The copy of {@link resolveUserOptions}, which upstream's integration also has.
 */
export function withWebSocketIntegration(
	integration: AstroIntegration,
	userOptions: WithWebSocket<object>,
): AstroIntegration {
	const { hooks } = integration;
	const { websocket } = userOptions;
	let config: AstroConfig | undefined;

	return {
		...integration,
		hooks: {
			...hooks,
			'astro:config:setup': async (parameters) => {
				const file = findHooksFile(websocket.hooks, parameters.config);
				parameters.updateConfig({ vite: { plugins: [hooksPlugin(file)] } });
				await hooks['astro:config:setup']?.(parameters);
			},
			'astro:config:done': async (parameters) => {
				await hooks['astro:config:done']?.(parameters);
				config = parameters.config;
				// Since Astro 4.14.
				parameters.injectTypes?.({
					filename: INJECTED_TYPES_FILENAME,
					content: injectedTypes(packageName()),
				});
			},
			'astro:server:setup': async (parameters) => {
				await hooks['astro:server:setup']?.(parameters);
				const { logger, server } = parameters;
				if (config === undefined) return;
				const scope = await devScope(config.root);
				const host = devHost(scope, websocket, config, server, logger);
				attachDevServer(server, host, allowedDomainsOf(config));
			},
		},
	};
}

function devHost(
	scope: object,
	options: ResolvedWebSocketOptions,
	config: AstroConfig,
	vite: ViteDevServer,
	logger: AstroIntegrationLogger,
): Host {
	let hooks: WebSocketHooks = {};
	const report: Report = (message, error) => {
		reporter(hooks, (text, cause) => {
			logger.error(cause === undefined ? text : `${text}\n${describe(cause)}`);
		})(message, error);
	};
	connections().adopt(options, report, { isDev: true });
	return {
		scope,
		options,
		proxies: proxyList(options.trustedProxies),
		async hooks() {
			const file = findHooksFile(options.hooks, config);
			hooks = file === null ? {} : hooksOf(await load(vite, file));
			return hooks;
		},
		report,
	};
}

/** A dev server of any Vite: before 6 there are no environments. */
type AnyViteDevServer = Pick<ViteDevServer, 'ssrLoadModule'> & {
	readonly environments?: { readonly [name: string]: object };
};

interface RunnableEnvironment {
	readonly runner?: { import(file: string): Promise<object> };
}

/**
 * Loads a module as the site's own are loaded, so that what it imports is shared with them. Vite
 * keeps it until it, or something it imports, changes.
 */
async function load(vite: AnyViteDevServer, file: string): Promise<object> {
	const { environments } = vite;
	// Since 6 Astro loads the site by the runner of an environment, and brings one of its own name.
	const site: RunnableEnvironment | undefined = environments?.astro && environments.ssr;
	const runner = site?.runner;
	return runner === undefined ? await vite.ssrLoadModule(file) : await runner.import(file);
}

/** A configuration of any Astro. */
type AnyConfig = Pick<AstroConfig, 'root'> & {
	/** Since 4.9; the domains since 5.15. */
	readonly security?: {
		readonly checkOrigin?: boolean;
		readonly allowedDomains?: readonly AllowedDomain[] | undefined;
	};
};

function allowedDomainsOf({ security }: AnyConfig): readonly AllowedDomain[] {
	return security?.allowedDomains ?? [];
}

/** What stands in the books for the dev server of a project, by its root. */
const DEV_SCOPES: unique symbol = Symbol.for('astro.websocket.dev');

interface Shared {
	[DEV_SCOPES]?: Map<string, object>;
}

/**
 * A restart sets up the next dev server while the one before still runs: here is the time to tell
 * its clients. The scope outlives restarts, and this module, which they may load anew.
 */
async function devScope(root: URL): Promise<object> {
	const shared: typeof globalThis & Shared = globalThis;
	shared[DEV_SCOPES] ??= new Map();
	const before = shared[DEV_SCOPES].get(root.href);
	if (before !== undefined) await closeDevConnections(before);
	const scope = {};
	shared[DEV_SCOPES].set(root.href, scope);
	return scope;
}

function describe(error: unknown): string {
	return error instanceof Error && error.stack !== undefined ? error.stack : String(error);
}
