import { fileURLToPath } from 'node:url';
import type { AstroConfig, AstroIntegration, AstroIntegrationLogger } from 'astro';
import type { ViteDevServer } from 'vite';
import { findHooksFile } from '../../configure/hooks-file.ts';
import type { AllowedDomain } from '../../handshake/allowed-domains.ts';
import type { WebSocketHooks } from '../../handshake/hooks.ts';
import { Notices } from '../../handshake/notices.ts';
import { reporter } from '../../handshake/reporter.ts';
import { Inspector } from '../../inspector/watch/inspector.ts';
import type { ResolvedWebSocketOptions } from '../../options/options.ts';
import type { Report } from '../../socket/report.ts';
import { requestOrigin } from '../handshake/handshake.ts';
import { hooksOf } from '../handshake/hooks.ts';
import { astroOrigin, type Host } from '../handshake/host.ts';
import { proxyList } from '../http/client-address.ts';
import { forgetModules } from '../process/dev-modules.ts';
import { perProcess } from '../process/per-process.ts';
import { processRegistry } from '../registry/registry.ts';
import { attachDevServer, closeDevConnections } from '../site/dev.ts';
import { describeError } from './describe-error.ts';

/** A site in `astro dev`. */
export interface DevSite {
	readonly root: URL;
	readonly server: ViteDevServer;
	readonly logger: AstroIntegrationLogger;
	/** Loads a module like those of the site. */
	load(file: string): Promise<object>;
}

/**
 * Makes `astro dev` answer handshakes if it runs the site in Node.
 *
 * @param extend Called when the server is set up. A callback, so that an adapter without channels
 * has none of their modules.
 */
export function withDevServer(
	integration: AstroIntegration,
	options: ResolvedWebSocketOptions,
	extend?: (site: DevSite) => void,
): AstroIntegration {
	const { hooks } = integration;
	let config: AstroConfig | undefined;
	const inspector = new Inspector();

	return inspector.around({
		...integration,
		hooks: {
			...hooks,
			'astro:config:done': async (parameters) => {
				await hooks['astro:config:done']?.(parameters);
				config = parameters.config;
			},
			'astro:server:setup': async (parameters) => {
				await hooks['astro:server:setup']?.(parameters);
				const { logger, server } = parameters;
				if (config === undefined) return;
				const scope = await devScope(config.root);
				const host = devHost(scope, options, config, { server, logger, inspector });
				extend?.({ root: config.root, server, logger, load: (file) => load(server, file) });
				attachDevServer(server, host, allowedDomainsOf(config));
			},
		},
	});
}

interface DevServices {
	readonly server: ViteDevServer;
	readonly logger: AstroIntegrationLogger;
	readonly inspector: Inspector;
}

function devHost(
	scope: object,
	options: ResolvedWebSocketOptions,
	config: AstroConfig,
	{ server: vite, logger, inspector }: DevServices,
): Host {
	let hooks: WebSocketHooks = {};
	let loaded: string | null = null;
	const report: Report = (...args) => {
		inspector.failed(args[0], args[1]);
		reporter(hooks, (text, cause) => {
			logger.error(cause === undefined ? text : `${text}\n${describeError(cause)}`);
		})(...args);
	};
	processRegistry().adopt(options, report, { isDev: true });
	return {
		scope,
		options,
		proxies: proxyList(options.trustedProxies),
		async hooks() {
			const file = findHooksFile(options.hooks, config);
			if (loaded !== null && loaded !== file) forgetModules(loaded);
			loaded = file;
			hooks = file === null ? {} : hooksOf(await load(vite, file));
			return hooks;
		},
		isDev: true,
		origin(request) {
			const own = requestOrigin(request);
			// The dev server ignores forwarded headers before Astro 6.
			return isAstro6(vite) ? astroOrigin(request, own, allowedDomainsOf(config)) : own;
		},
		report,
		notices: new Notices((text) => logger.warn(text)),
	};
}

/** The dev server of any Vite version: there are no environments before Vite 6. */
type AnyViteDevServer = Pick<ViteDevServer, 'ssrLoadModule'> & {
	readonly environments?: { readonly [name: string]: object };
};

/**
 * Since Astro 6, a module runner of a Vite environment loads the site. Astro then adds an
 * environment with its own name.
 */
function isAstro6({ environments }: AnyViteDevServer): boolean {
	return environments?.astro !== undefined;
}

interface RunnableEnvironment {
	readonly runner?: { import(file: string): Promise<object> };
}

/**
 * Loads a module like the modules of the site, so that they share their imports. Vite caches it
 * until the module or one of its imports changes.
 */
async function load(vite: AnyViteDevServer, file: string): Promise<object> {
	const { environments } = vite;
	const site: RunnableEnvironment | undefined = isAstro6(vite) ? environments?.ssr : undefined;
	const runner = site?.runner;
	return runner === undefined ? await vite.ssrLoadModule(file) : await runner.import(file);
}

/** The configuration of any Astro version. */
type AnyConfig = Pick<AstroConfig, 'root'> & {
	/** Since Astro 4.9; `allowedDomains` since 5.15. */
	readonly security?: {
		readonly checkOrigin?: boolean;
		readonly allowedDomains?: readonly AllowedDomain[] | undefined;
	};
};

function allowedDomainsOf({ security }: AnyConfig): readonly AllowedDomain[] {
	return security?.allowedDomains ?? [];
}

/**
 * The scope of a dev server. A restart sets up the next server while the previous one still runs,
 * so its connections are closed here. The map of scopes outlives restarts, and reloads of this
 * module.
 */
async function devScope(root: URL): Promise<object> {
	// The scopes in the registry by the root of the project.
	const scopes = perProcess('dev', () => new Map<string, object>());
	const before = scopes.get(root.href);
	if (before !== undefined) {
		await closeDevConnections(before);
		// The modules run again in the new server.
		forgetModules(fileURLToPath(root));
	}
	const scope = {};
	scopes.set(root.href, scope);
	return scope;
}
