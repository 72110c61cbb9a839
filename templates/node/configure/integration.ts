import type { AstroIntegration } from 'astro';
import { setupOf, takeAdapterPlace } from '../../configure/adapter-place.ts';
import { findHooksFile } from '../../configure/hooks-file.ts';
import { INJECTED_TYPES_FILENAME, injectedTypes } from '../../configure/injected-types.ts';
import { initialName, packageName, upstreamName } from '../../configure/package-name.ts';
import { withPrerenderWarning } from '../../configure/prerender-warning.ts';
import { addSiteMiddleware } from '../../configure/site-middleware.ts';
import { type ResolvedWebSocketOptions, resolveWebSocketOptions } from '../../options/options.ts';
import { devModulesPlugin } from '../process/dev-modules.ts';
import { withDevServer } from './dev-integration.ts';
import { hooksPlugin } from './hooks-file.ts';
import { RealtimeSetup } from './realtime.ts';
import { loadRealtime } from './realtime-dev.ts';
import { type ResolvedRealtimeOptions, resolveRealtimeOptions } from './realtime-options.ts';

/** The adapter's options, with `websocket` and `realtime` resolved. */
export type WithWebSocket<Options extends object> = Omit<Options, 'websocket' | 'realtime'> & {
	websocket: ResolvedWebSocketOptions;
	realtime: ResolvedRealtimeOptions;
};

/**
 * Returns a copy of the options with `websocket` and `realtime` checked and their defaults filled in.
 *
 * @throws TypeError with the name of the invalid option.
 */
export function resolveUserOptions<Options extends object>(
	userOptions: Options,
): WithWebSocket<Options> {
	return {
		...userOptions,
		websocket: resolveWebSocketOptions(userOptions),
		realtime: resolveRealtimeOptions(userOptions),
	};
}

/**
 * Adds the configuration and the dev server of WebSockets to upstream's integration.
 *
 * @param userOptions The copy of {@link resolveUserOptions}, also passed to upstream's integration.
 */
export function withWebSocketIntegration(
	integration: AstroIntegration,
	userOptions: WithWebSocket<object>,
): AstroIntegration {
	const { hooks } = integration;
	const { websocket } = userOptions;
	const realtime = new RealtimeSetup(packageName(), userOptions.realtime);
	const configured: AstroIntegration = {
		...integration,
		name: initialName(),
		hooks: {
			...hooks,
			'astro:config:setup': setupOf(integration.name, async (parameters) => {
				takeAdapterPlace(integration.name, upstreamName(), parameters);
				const file = findHooksFile(websocket.hooks, parameters.config);
				realtime.setUp(parameters, file);
				const hooksModule = hooksPlugin(file, realtime.start);
				parameters.updateConfig({ vite: { plugins: [hooksModule, devModulesPlugin()] } });
				addSiteMiddleware(parameters);
				await hooks['astro:config:setup']?.(parameters);
			}),
			'astro:config:done': async (parameters) => {
				await hooks['astro:config:done']?.(parameters);
				// Since Astro 4.14.
				parameters.injectTypes?.({
					filename: INJECTED_TYPES_FILENAME,
					content: injectedTypes(packageName()),
				});
				realtime.injectTypes(parameters);
			},
		},
	};
	return withDevServer(withPrerenderWarning(configured), websocket, (site) =>
		loadRealtime(realtime, site),
	);
}
