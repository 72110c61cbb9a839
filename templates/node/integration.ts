import { readFileSync } from 'node:fs';
import type { AstroConfig, AstroIntegration } from 'astro';
import { INJECTED_TYPES_FILENAME, injectedTypes } from '../shared/injected-types.ts';
import { resolveWebSocketOptions } from '../shared/options.ts';
import { attachDevServer } from './dev.ts';

/**
 * Adds to upstream's integration what a site needs at the time of configuration and in dev.
 *
 * @param userOptions The adapter's, whose type in upstream's sources does not know `websocket`.
 */
export function withWebSocketIntegration(
	integration: AstroIntegration,
	userOptions: object,
): AstroIntegration {
	const websocket = resolveWebSocketOptions(userOptions);
	const { hooks } = integration;
	let config: AstroConfig | undefined;

	return {
		...integration,
		hooks: {
			...hooks,
			'astro:config:done': async (parameters) => {
				await hooks['astro:config:done']?.(parameters);
				config = parameters.config;
				parameters.injectTypes({
					filename: INJECTED_TYPES_FILENAME,
					content: injectedTypes(packageName()),
				});
			},
			'astro:server:setup': async (parameters) => {
				await hooks['astro:server:setup']?.(parameters);
				const { logger, server } = parameters;
				attachDevServer(server, {
					connection: websocket,
					allowedOrigins: websocket.allowedOrigins,
					allowedDomains: config?.security.allowedDomains ?? [],
					report(message, error) {
						logger.error(error === undefined ? message : `${message}\n${describe(error)}`);
					},
				});
			},
		},
	};
}

/** The package this module was built into. */
function packageName(): string {
	const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf-8');
	const manifest: { name: string } = JSON.parse(text);
	return manifest.name;
}

function describe(error: unknown): string {
	return error instanceof Error && error.stack !== undefined ? error.stack : String(error);
}
