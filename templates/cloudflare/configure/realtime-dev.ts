import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { Plugin, ViteDevServer } from 'vite';
import { hasRealtimeFiles, type ProjectFolders } from '../../realtime/configure/files.ts';
import { FILES_MODULE, RESOLVED_FILES_MODULE } from '../../realtime/configure/files-module.ts';
import { type ImportedModule, isOfChannels } from '../../realtime/configure/watch.ts';
import { PART_MODULES } from './parts-plugin.ts';
import { reloadModule } from './reload.ts';

/** Stands for the module of the site's files, and does not fail with one of them. */
const GUARD_MODULE = `\0${FILES_MODULE}?guarded`;

/** The event of a Worker that has loaded the site's files, or failed to. */
const LOADED = 'zastro-realtime:loaded';

/** Where one of the files fails, a Worker that imports it would answer no page at all. */
const GUARD = `let read;
try {
	read = await import(${JSON.stringify(FILES_MODULE)});
} catch (failure) {
	read = { files: [], middleware: [], version: 'dev', problems: [], failure };
}
export const { files, middleware, version, problems, failure } = read;
import.meta.hot?.send(${JSON.stringify(LOADED)}, { hasFailed: failure !== undefined });
`;

/** Astro has more to do for the others, such as components with styles. */
const SCRIPT = /\.(?:[cm]?[jt]sx?|json)$/;

/** The longest wait for a request that is under way, and for the Worker, in milliseconds. */
const PATIENCE = 10_000;

/** The channels of a site in `astro dev`. */
export interface DevChannels {
	readonly plugin: Plugin;
	/** Makes the Worker take changes of its channel files into account. */
	reload(): Promise<void>;
	/** Whether the Worker could not load the files, as far as it has told. */
	hasFailed(): boolean;
}

/** What is used of an environment. The types of Vite 5 have none. */
interface Environment {
	readonly hot: {
		on(event: string, listener: (result: { readonly hasFailed: boolean }) => void): void;
	};
	readonly moduleGraph: { getModulesByFile(file: string): unknown };
}

interface Environments {
	readonly environments?: Readonly<Record<string, Environment>>;
}

interface HotUpdate {
	readonly file: string;
	readonly modules: readonly ImportedModule[];
	readonly server: Environments;
}

/** Sets up the channels of a site in `astro dev`. */
export function devPlugin(folders: ProjectFolders, name: string): DevChannels {
	// A Worker that starts may load them before it can tell.
	let hasFailed = true;
	let isBuild = false;
	let isPageOutdated = false;
	const answers = new Set<ServerResponse>();
	let loaded = (): void => {};
	let hadChannels = false;
	let running: ViteDevServer | undefined;
	/** Returns whether the Worker runs its modules again. */
	const update = (server: ViteDevServer): boolean => {
		const hasChannels = hasRealtimeFiles(folders);
		const isFirstOrLast = hasChannels !== hadChannels;
		hadChannels = hasChannels;
		// With the first file, the Worker gets the Durable Object.
		if (isFirstOrLast) void server.restart();
		return !isFirstOrLast && reloadModule(server, RESOLVED_FILES_MODULE);
	};
	// A variable, because the types of Vite 5 have neither `configEnvironment` nor `hotUpdate`.
	const plugin = {
		name: 'zastro-realtime:dev',
		configEnvironment(environment: string) {
			if (environment === 'client') return undefined;
			// Bundled by the optimizer, they would have a second copy of their state.
			const realtime = ['endpoint', 'object', 'server', 'prerendered'];
			// Islands that are rendered import the client. Found late, it would be bundled, and all
			// modules be loaded again, while the first page is rendered.
			const own = [...realtime.map((module) => `realtime/${module}`), 'stats', 'client/page'];
			const modules = [...own, ...PART_MODULES].map((module) => `${name}/${module}`);
			return { optimizeDeps: { exclude: modules } };
		},
		configResolved({ command }: { readonly command: string }) {
			isBuild = command === 'build';
		},
		resolveId: {
			order: 'pre' as const,
			handler: (id: string, importer: string | undefined) =>
				!isBuild && id === FILES_MODULE && importer !== GUARD_MODULE ? GUARD_MODULE : undefined,
		},
		load: (id: string) => (id === GUARD_MODULE ? GUARD : undefined),
		configureServer(server: ViteDevServer) {
			const { environments = {} } = server as Environments;
			for (const { hot } of Object.values(environments)) {
				hot.on(LOADED, (result) => {
					({ hasFailed } = result);
					loaded();
				});
			}
			// Behind those that wait for a reload.
			server.middlewares.use((_request, response, next) => {
				answers.add(response);
				response.once('close', () => answers.delete(response));
				next();
			});
			running = server;
			hadChannels = hasRealtimeFiles(folders);
		},
		/**
		 * Leaves reloads to {@link DevChannels.reload}. A second one, while modules run again, would
		 * give the rest of them other instances of what the first ones have imported.
		 */
		hotUpdate(
			this: { readonly environment: { readonly name: string } },
			{ file, modules, server }: HotUpdate,
		) {
			if (this.environment.name === 'client' || !SCRIPT.test(file)) return undefined;
			if (!isOfChannels(file, modules, folders)) return undefined;
			// What a page has imported itself, Vite updates there.
			const inPages = server.environments?.client?.moduleGraph.getModulesByFile(file);
			if (modules.length > 0 && inPages === undefined) isPageOutdated = true;
			return [];
		},
	};
	return {
		plugin,
		async reload() {
			// Their modules would be a mixture of old and new ones. A page that streams has them all.
			const end = performance.now() + PATIENCE;
			while ([...answers].some(({ headersSent }) => !headersSent) && performance.now() < end) {
				await setTimeout(20);
			}
			const isLoaded = new Promise<void>((resolve) => {
				loaded = resolve;
			});
			if (running !== undefined && update(running)) {
				// Until then the Worker may still run the old modules.
				await Promise.race([isLoaded, setTimeout(PATIENCE, undefined, { ref: false })]);
			}
			if (isPageOutdated) running?.ws.send({ type: 'full-reload' });
			isPageOutdated = false;
		},
		hasFailed: () => hasFailed,
	};
}
