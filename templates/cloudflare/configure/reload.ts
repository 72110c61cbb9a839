import type { ViteDevServer } from 'vite';

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

/**
 * Reloads the Worker, if it has this module.
 *
 * @param id The resolved specifier of a module whose content has changed.
 * @returns Whether it has.
 */
export function reloadModule({ environments }: AnyViteDevServer, id: string): boolean {
	let isReloaded = false;
	for (const environment of Object.values(environments ?? {})) {
		const module = environment.moduleGraph.getModuleById(id);
		if (module === undefined) continue;
		environment.moduleGraph.invalidateModule(module);
		environment.hot.send({ type: 'full-reload' });
		isReloaded = true;
	}
	return isReloaded;
}
