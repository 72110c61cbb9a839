import type { Plugin, ViteDevServer } from 'vite';
import { findHooksFile, type ProjectFolders } from '../../configure/hooks-file.ts';
import type { ResolvedWebSocketOptions } from '../../options/options.ts';
import type { SiteOptions } from '../site/site.ts';

/** Upstream's plugin excludes modules with this prefix from the bundles of Vite's optimizer. */
const MODULE = 'virtual:astro-cloudflare:websocket';
const RESOLVED = `\0${MODULE}`;

/** Provides the options and the hooks file to the Worker. */
export function sitePlugin(options: ResolvedWebSocketOptions, folders: ProjectFolders): Plugin {
	const find = (): string | null => findHooksFile(options.hooks, folders);
	// A configured file that is missing must be reported at once.
	let file = find();
	return {
		name: MODULE,
		// Without filters, which Vite supports since 6.3 only.
		resolveId: (id) => (id === MODULE ? RESOLVED : undefined),
		load: (id) => (id === RESOLVED ? siteModule(options, find()) : undefined),
		configureServer(vite) {
			// Vite watches the file like any other module. This handles its creation and deletion.
			const update = (): void => {
				const before = file;
				file = find();
				if (file !== before) reload(vite);
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

/** The used part of a dev server of any Vite version: there are no environments before Vite 6. */
interface AnyViteDevServer extends Pick<ViteDevServer, 'watcher'> {
	readonly environments?: Readonly<Record<string, Environment>>;
}

interface Environment {
	readonly moduleGraph: {
		getModuleById(id: string): object | undefined;
		invalidateModule(module: object): void;
	};
	readonly hot: { send(payload: { type: 'full-reload' }): void };
}

function reload({ environments }: AnyViteDevServer): void {
	for (const environment of Object.values(environments ?? {})) {
		const module = environment.moduleGraph.getModuleById(RESOLVED);
		if (module === undefined) continue;
		environment.moduleGraph.invalidateModule(module);
		environment.hot.send({ type: 'full-reload' });
	}
}
