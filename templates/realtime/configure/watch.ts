import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModuleNode, ViteDevServer } from 'vite';
import { findRealtimeFiles, isRealtimeFile, type ProjectFolders, withSlashes } from './files.ts';
import { RESOLVED_FILES_MODULE } from './files-module.ts';
import { joined } from './joined.ts';
import { type Declarations, realtimeTypes } from './types.ts';

export interface WatchOptions extends ProjectFolders {
	/** The name of this package. */
	readonly packageName: string;
	/**
	 * Called in `astro dev` after a channel file, or what it imports, was added, changed or removed.
	 * {@link FILES_MODULE} then gives the new modules. Requests wait for it.
	 */
	readonly reload?: () => void | Promise<void>;
	/**
	 * Whether the files could not be loaded. An added file may be the one that an import did not find.
	 */
	readonly hasFailed?: () => boolean;
	/** Writes the declarations in `astro dev` when a file was added or removed. */
	readonly writeTypes?: (declarations: readonly Declarations[]) => void;
}

/** Reloads the channels after changes of their files in `astro dev`. */
export function watchChannels(server: ViteDevServer, options: WatchOptions): void {
	const { reload, writeTypes, packageName } = options;
	const root = fileURLToPath(options.root);
	const changes = new Set<string>();
	let reloaded = Promise.resolve();
	const reloadSoon = joined(async () => {
		// Not earlier: a request that is under way would get some of the new modules.
		invalidate(server, changes);
		changes.clear();
		await reload?.();
	});
	const changed = (file: string): void => {
		const modules = graphsOf(server).flatMap((graph) => [
			...(graph.getModulesByFile(withSlashes(file)) ?? []),
		]);
		if (!isOfChannels(file, modules, options)) return;
		changes.add(file);
		reloaded = reloadSoon();
	};
	const listed = (file: string): void => {
		if (!isRealtimeFile(file, options)) return;
		writeTypes?.(realtimeTypes(findRealtimeFiles(options), packageName));
		changed(file);
	};
	const added = (file: string): void => {
		listed(file);
		if (options.hasFailed?.() !== true || !isSource(relative(root, file))) return;
		invalidateAll(server);
		reloaded = reloadSoon();
	};
	server.watcher.on('add', added);
	server.watcher.on('unlink', listed);
	server.watcher.on('change', changed);
	server.middlewares.use((_request, _response, next) => {
		const wait = async (until: Promise<void>): Promise<void> => {
			await until;
			// Files may have changed again meanwhile.
			if (until === reloaded) next();
			else await wait(reloaded);
		};
		void wait(reloaded);
	});
}

/** Whether channels may import a file. Those that tools write stand in hidden folders. */
function isSource(path: string): boolean {
	return /\.(?:[cm]?[jt]sx?|json)$/.test(path) && !/(?:^|[\\/])\.[^.]/.test(path);
}

/**
 * Whether a file is a channel file, or what one imports, directly or not.
 *
 * @param modules The modules of the file in a graph of a server.
 */
export function isOfChannels(
	file: string,
	modules: Iterable<ImportedModule>,
	folders: ProjectFolders,
): boolean {
	if (isRealtimeFile(file, folders)) return true;
	const seen = new Set(modules);
	for (const node of seen) {
		if (node.id === RESOLVED_FILES_MODULE) return true;
		for (const importer of node.importers) seen.add(importer);
	}
	return false;
}

/** The graphs of modules that run in servers. */
function graphsOf(server: ViteDevServer): readonly ModuleGraph[] {
	// Since Vite 6 there is one for each environment.
	const { environments } = server as { environments?: Readonly<Record<string, Environment>> };
	if (environments === undefined) return [server.moduleGraph];
	return Object.entries(environments).flatMap(([name, { moduleGraph }]) =>
		name === 'client' || moduleGraph === undefined ? [] : [moduleGraph],
	);
}

interface Environment {
	readonly moduleGraph?: ModuleGraph;
}

/** What is used of the graphs of all versions of Vite. */
interface ModuleGraph {
	getModulesByFile(file: string): Set<ImportedModule> | undefined;
	getModuleById(id: string): ImportedModule | undefined;
	onFileChange(file: string): void;
	invalidateModule(node: never): void;
}

/** A module of a graph. */
export interface ImportedModule {
	readonly id: string | null;
	readonly importers: Iterable<ImportedModule>;
	readonly importedModules: Iterable<ImportedModule>;
}

/** Vite itself does this for changed files alone. */
function invalidate(server: ViteDevServer, changes: Iterable<string>): void {
	for (const graph of graphsOf(server)) {
		for (const file of changes) graph.onFileChange(withSlashes(file));
		const files = graph.getModuleById(RESOLVED_FILES_MODULE);
		if (files !== undefined) graph.invalidateModule(files as ModuleNode as never);
	}
}

/** An import that found no file is looked for when its importer is transformed again. */
function invalidateAll(server: ViteDevServer): void {
	for (const graph of graphsOf(server)) {
		const files = graph.getModuleById(RESOLVED_FILES_MODULE);
		const all = new Set(files === undefined ? [] : [files]);
		for (const module of all) {
			graph.invalidateModule(module as ModuleNode as never);
			for (const imported of module.importedModules) all.add(imported);
		}
	}
}
