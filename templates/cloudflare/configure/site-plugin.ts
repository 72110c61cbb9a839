import type { Plugin, ViteDevServer } from 'vite';
import { findHooksFile, type ProjectFolders } from '../../configure/hooks-file.ts';
import type { ResolvedWebSocketOptions } from '../../options/options.ts';
import type { SiteOptions } from '../site/site.ts';

/** Upstream's plugin keeps modules with this prefix out of the bundles that Vite makes for dev. */
const MODULE = 'virtual:astro-cloudflare:websocket';
const RESOLVED = `\0${MODULE}`;

/** Carries the options and the hooks file into the Worker. */
export function sitePlugin(options: ResolvedWebSocketOptions, folders: ProjectFolders): Plugin {
	const find = (): string | null => findHooksFile(options.hooks, folders);
	// A file that is asked for and missing has to be told of at once.
	let file = find();
	return {
		name: MODULE,
		// Without filters, which Vite knows since 6.3 only.
		resolveId: (id) => (id === MODULE ? RESOLVED : undefined),
		load: (id) => (id === RESOLVED ? siteModule(options, find()) : undefined),
		configureServer(vite) {
			// Once there, it is a module like any other; here is heard of its coming and going.
			const look = (): void => {
				const before = file;
				file = find();
				if (file !== before) reload(vite);
			};
			vite.watcher.on('add', look);
			vite.watcher.on('unlink', look);
		},
	};
}

/** @param hooks The hooks file, if there is one. */
export function siteModule(options: ResolvedWebSocketOptions, hooks: string | null): string {
	const { allowedOrigins, handshakeTimeout, maxMessagesPerSecond, maxPayload } = options;
	const kept: SiteOptions = { allowedOrigins, handshakeTimeout, maxMessagesPerSecond, maxPayload };
	return [
		`export const options = ${JSON.stringify(kept)};`,
		hooks === null
			? 'export const hooks = {};'
			: `export * as hooks from ${JSON.stringify(hooks)};`,
	].join('\n');
}

/** What is needed of a dev server of any Vite: before 6 there are no environments. */
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
