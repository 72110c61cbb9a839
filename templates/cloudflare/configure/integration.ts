import { fileURLToPath } from 'node:url';
import type { AstroIntegration } from 'astro';
import type { Plugin } from 'vite';
import { setupOf, takeAdapterPlace } from '../../configure/adapter-place.ts';
import { INJECTED_TYPES_FILENAME, injectedTypes } from '../../configure/injected-types.ts';
import { initialName, packageName, upstreamName } from '../../configure/package-name.ts';
import { withPrerenderWarning } from '../../configure/prerender-warning.ts';
import { addSiteMiddleware } from '../../configure/site-middleware.ts';
import { resolveWebSocketOptions } from '../../options/options.ts';
import { sitePlugin } from './site-plugin.ts';
import { unsupportedOptionWarnings } from './unsupported-options.ts';

/** What is added to a site. */
export interface IntegrationParts {
	/** Vite plugins that `astro dev` needs. */
	readonly plugins?: readonly Plugin[];
	/** URLs of middleware that goes in front of the site's own. */
	readonly middleware?: readonly string[];
}

/**
 * The file and not the export of the package: Vite's optimizer would find that with the first request
 * only, bundle it, and reload the Worker while clients wait.
 */
function middlewareFile(name: string): string {
	return fileURLToPath(new URL(`../../locals/${name}-middleware.js`, import.meta.url));
}

/**
 * Adds to upstream's integration what a site needs at the time of configuration.
 *
 * @param adapterOptions The user's options, of which upstream may have taken some. `websocket` is taken
 * out of them: upstream hands what it does not know on to Cloudflare's Vite plugin.
 * @param parts What only some versions of upstream's integration need.
 * @throws TypeError that names the option that is wrong.
 */
export function withWebSocketIntegration(
	integration: AstroIntegration,
	adapterOptions: object,
	{ plugins = [], middleware = [] }: IntegrationParts = {},
): AstroIntegration {
	const { hooks } = integration;
	const options = resolveWebSocketOptions(adapterOptions);
	const notKept = unsupportedOptionWarnings(Reflect.get(adapterOptions, 'websocket'));
	Reflect.deleteProperty(adapterOptions, 'websocket');

	return withPrerenderWarning({
		...integration,
		name: initialName(),
		hooks: {
			...hooks,
			'astro:config:setup': setupOf(integration.name, async (parameters) => {
				takeAdapterPlace(integration.name, upstreamName(), parameters);
				await hooks['astro:config:setup']?.(parameters);
				const { addMiddleware, command, config, logger, updateConfig } = parameters;
				// Not in a Worker, where every byte counts: what it says is said in dev.
				if (command === 'dev') addSiteMiddleware(parameters, middlewareFile);
				for (const warning of notKept) logger.warn(warning);
				for (const entrypoint of middleware) {
					addMiddleware({ order: 'pre', entrypoint: fileURLToPath(entrypoint) });
				}
				updateConfig({ vite: { plugins: [sitePlugin(options, config), ...plugins] } });
			}),
			'astro:config:done': async (parameters) => {
				await hooks['astro:config:done']?.(parameters);
				// Since Astro 4.14.
				parameters.injectTypes?.({
					filename: INJECTED_TYPES_FILENAME,
					content: injectedTypes(packageName()),
				});
			},
		},
	});
}
