import type { Plugin } from 'vite';
import { findHooksFile, type ProjectFolders } from '../../configure/hooks-file.ts';
import type { ResolvedWebSocketOptions } from '../../options/options.ts';
import type { SiteOptions } from '../site/site.ts';
import { reloadModule } from './reload.ts';

/** Upstream's plugin excludes modules with this prefix from the bundles of Vite's optimizer. */
const MODULE = 'virtual:astro-cloudflare:websocket';
const RESOLVED = `\0${MODULE}`;

/**
 * Provides the options and the hooks file to the Worker.
 *
 * @param code Further code for the Worker of `astro dev`.
 */
export function sitePlugin(
	options: ResolvedWebSocketOptions,
	folders: ProjectFolders,
	code: string,
): Plugin {
	const find = (): string | null => findHooksFile(options.hooks, folders);
	// A configured file that is missing must be reported at once.
	let file = find();
	return {
		name: MODULE,
		// Without filters, which Vite supports since 6.3 only.
		resolveId: (id) => (id === MODULE ? RESOLVED : undefined),
		load: (id) => (id === RESOLVED ? siteModule(options, find()) + code : undefined),
		configureServer(vite) {
			// Vite watches the file like any other module. This handles its creation and deletion.
			const update = (): void => {
				const before = file;
				file = find();
				if (file !== before) reloadModule(vite, RESOLVED);
			};
			vite.watcher.on('add', update);
			vite.watcher.on('unlink', update);
		},
	};
}

/** @param hooks The hooks file, if there is one. */
export function siteModule(options: ResolvedWebSocketOptions, hooks: string | null): string {
	const { allowedOrigins, handshakeTimeout, maxMessagesPerSecond, maxPayload } = options;
	const supported: SiteOptions = {
		allowedOrigins,
		handshakeTimeout,
		maxMessagesPerSecond,
		maxPayload,
	};
	return [
		`export const options = ${JSON.stringify(supported)};`,
		hooks === null
			? 'export const hooks = {};'
			: `export * as hooks from ${JSON.stringify(hooks)};`,
	].join('\n');
}
