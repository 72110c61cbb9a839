import type { AstroIntegration } from 'astro';
import { INJECTED_TYPES_FILENAME, injectedTypes } from '../shared/injected-types.ts';
import { resolveWebSocketOptions } from '../shared/options.ts';
import { packageName } from '../shared/package-name.ts';
import { warnings } from './not-kept.ts';
import { relayPlugin } from './relay-plugin.ts';
import { sitePlugin } from './site-plugin.ts';

/**
 * Adds to upstream's integration what a site needs at the time of configuration and in dev.
 *
 * @param adapterOptions The user's options less those that upstream names. `websocket` is taken out
 * of them: upstream hands what it does not know on to Cloudflare's Vite plugin.
 * @throws TypeError that names the option that is wrong.
 */
export function withWebSocketIntegration(
	integration: AstroIntegration,
	adapterOptions: object,
): AstroIntegration {
	const { hooks } = integration;
	const options = resolveWebSocketOptions(adapterOptions);
	const notKept = warnings(Reflect.get(adapterOptions, 'websocket'));
	Reflect.deleteProperty(adapterOptions, 'websocket');

	return {
		...integration,
		hooks: {
			...hooks,
			'astro:config:setup': async (parameters) => {
				await hooks['astro:config:setup']?.(parameters);
				const { config, logger, updateConfig } = parameters;
				for (const warning of notKept) logger.warn(warning);
				updateConfig({ vite: { plugins: [sitePlugin(options, config), relayPlugin()] } });
			},
			'astro:config:done': async (parameters) => {
				await hooks['astro:config:done']?.(parameters);
				parameters.injectTypes({
					filename: INJECTED_TYPES_FILENAME,
					content: injectedTypes(packageName()),
				});
			},
		},
	};
}
