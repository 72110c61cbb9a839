import { fileURLToPath } from 'node:url';
import type { AstroIntegration } from 'astro';
import type { Plugin } from 'vite';
import { setupOf, takeAdapterPlace } from '../../configure/adapter-place.ts';
import { INJECTED_TYPES_FILENAME, injectedTypes } from '../../configure/injected-types.ts';
import { initialName, packageName, upstreamName } from '../../configure/package-name.ts';
import { withPrerenderWarning } from '../../configure/prerender-warning.ts';
import { addSiteMiddleware } from '../../configure/site-middleware.ts';
import { hasInspector, Inspector } from '../../inspector/watch/inspector.ts';
import { WORKER_CONSOLE } from '../../inspector/watch/worker-console.ts';
import { resolveWebSocketOptions } from '../../options/options.ts';
import { refuseChannels } from './no-channels.ts';
import type { RealtimeSetup } from './realtime.ts';
import { resolveRealtimeOptions } from './realtime-options.ts';
import { sitePlugin } from './site-plugin.ts';
import { unsupportedOptionWarnings } from './unsupported-options.ts';

/** More than a connection can send. */
const NO_LIMIT = 1e9;

/** Additional parts of the integration. */
export interface IntegrationParts {
	/** Vite plugins for `astro dev`. */
	readonly plugins?: readonly Plugin[];
	/** URLs of middleware to run before the site's own. */
	readonly middleware?: readonly string[];
	/** The setup of realtime channels, where sites can have any. */
	readonly realtime?: RealtimeSetup;
}

/**
 * The path of a middleware's file. With the export of the package, Vite's optimizer would find the
 * module only at the first request. It would then bundle the module, and reload the Worker while
 * clients wait.
 */
function middlewareFile(name: string): string {
	return fileURLToPath(new URL(`../../locals/${name}-middleware.js`, import.meta.url));
}

/**
 * Adds the configuration of WebSockets to upstream's integration.
 *
 * @param adapterOptions The user's options, possibly changed by upstream. `websocket` and `realtime`
 * are removed from them, because upstream passes unknown options to Cloudflare's Vite plugin.
 * @param parts Parts for only some versions of upstream's integration.
 * @throws TypeError with the name of the invalid option.
 */
export function withWebSocketIntegration(
	integration: AstroIntegration,
	adapterOptions: object,
	{ plugins = [], middleware = [], realtime }: IntegrationParts = {},
): AstroIntegration {
	const { hooks } = integration;
	const options = resolveWebSocketOptions(adapterOptions);
	const warnings = unsupportedOptionWarnings(Reflect.get(adapterOptions, 'websocket'));
	const realtimeOptions = resolveRealtimeOptions(adapterOptions);
	for (const name of ['websocket', 'realtime']) Reflect.deleteProperty(adapterOptions, name);

	// Where sites have none, `astro dev` runs them in Node, whose dev server has the inspector.
	const runsInWorker = realtime !== undefined;

	const configured = withPrerenderWarning({
		...integration,
		name: initialName(),
		hooks: {
			...hooks,
			'astro:config:setup': setupOf(integration.name, async (parameters) => {
				takeAdapterPlace(integration.name, upstreamName(), parameters);
				if (realtime === undefined) refuseChannels(parameters.config);
				await hooks['astro:config:setup']?.(parameters);
				const { addMiddleware, command, config, logger, updateConfig } = parameters;
				// Not in a built Worker, where every byte counts: its errors appear in dev.
				if (command === 'dev') addSiteMiddleware(parameters, middlewareFile);
				for (const warning of warnings) logger.warn(warning);
				for (const entrypoint of middleware) {
					addMiddleware({ order: 'pre', entrypoint: fileURLToPath(entrypoint) });
				}
				const code = runsInWorker && hasInspector(parameters) ? WORKER_CONSOLE : '';
				updateConfig({ vite: { plugins: [sitePlugin(options, config, code), ...plugins] } });
				realtime?.setUp(parameters, {
					...realtimeOptions,
					maxMessagesPerSecond: options.maxMessagesPerSecond || NO_LIMIT,
				});
			}),
			'astro:config:done': async (parameters) => {
				await hooks['astro:config:done']?.(parameters);
				// Since Astro 4.14.
				parameters.injectTypes?.({
					filename: INJECTED_TYPES_FILENAME,
					content: injectedTypes(packageName()),
				});
				realtime?.injectTypes(parameters);
			},
		},
	});
	return runsInWorker ? new Inspector().around(configured) : configured;
}
