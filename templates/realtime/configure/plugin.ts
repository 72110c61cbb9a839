import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { ModuleNode, Plugin, ViteDevServer } from 'vite';
import { ProblemsError } from '../define/reading/problem.ts';
import { ENDPOINT } from '../protocol/constants.ts';
import {
	findRealtimeFiles,
	isRealtimeFile,
	type ProjectFolders,
	type RealtimeFiles,
	withSlashes,
} from './files.ts';
import { type Declarations, realtimeTypes } from './types.ts';
import { usedParts } from './used-parts.ts';

/** The module of the site's server code. */
export const SERVER_MODULE = 'zastro:realtime';
/** The module of pages and islands. */
export const CLIENT_MODULE = 'zastro:realtime/client';
/**
 * The module that imports all channel files and `_middleware` files. It exports `SiteModules`, and
 * `problems`: what is wrong with the paths, which a build refuses.
 */
export const FILES_MODULE = 'virtual:zastro-realtime/files';
/** Its resolved specifier. */
export const RESOLVED_FILES_MODULE: string = resolved(FILES_MODULE);

const MODULES: readonly string[] = [SERVER_MODULE, CLIENT_MODULE, FILES_MODULE];

/** The version in `astro dev`, where pages and server change together. */
const DEV_VERSION = 'dev';

export interface RealtimePluginOptions extends ProjectFolders {
	/** The name of this package. */
	readonly packageName: string;
	/** The site's `base`. */
	readonly base: string;
	/** Whether the site's paths end with a slash: `trailingSlash: 'always'`. */
	readonly hasTrailingSlash?: boolean;
	/**
	 * The module behind `zastro:realtime`, which exports `channels`, `socket`, `defineChannel`,
	 * `binary`, `logMessage`, `logError` and `RealtimeError`. Default: `realtime/server` of the
	 * package.
	 */
	readonly serverModule?: string;
	/**
	 * Called in `astro dev` when a channel file, or what it imports, was added, changed or removed.
	 * {@link FILES_MODULE} then gives the new modules.
	 */
	readonly onChange?: () => void;
	/** Writes the declarations in `astro dev` when a file was added or removed. */
	readonly writeTypes?: (declarations: readonly Declarations[]) => void;
}

/** Provides the modules of channels to a site, in Vite 5 and later. */
export function realtimePlugin(options: RealtimePluginOptions): Plugin {
	const { packageName } = options;
	/** What imports the module of servers into a page. */
	const importers = new Set<string>();
	let isBuild = false;
	return {
		name: 'zastro-realtime',
		config: () => ({
			// Found late, it would make Vite reload the first page that uses it.
			optimizeDeps: { exclude: [`${packageName}/client`, `${packageName}/client/page`] },
		}),
		configResolved({ command }) {
			isBuild = command === 'build';
		},
		configureServer(server) {
			watch(server, options);
		},
		resolveId(id, importer, resolution) {
			if (!MODULES.includes(id)) return undefined;
			if (id === SERVER_MODULE && importer !== undefined && isOfPage(this, resolution)) {
				importers.add(importer);
			}
			return resolved(id);
		},
		load(id, load) {
			const isClient = isOfPage(this, load);
			switch (id) {
				case resolved(SERVER_MODULE):
					if (isClient) return this.error(wrongSide(importers));
					return isPrerenderedPage(this) ? prerenderedModule(options) : serverModule(options);
				case resolved(CLIENT_MODULE):
					return clientModule(options, isClient, isBuild);
				case RESOLVED_FILES_MODULE:
					return filesModule(findRealtimeFiles(options), isBuild);
				default:
					return undefined;
			}
		},
	};
}

function resolved(id: string): string {
	return `\0${id}`;
}

/** Whether a module is for pages, as a hook of Vite's is told. */
function isOfPage(hook: object, options: { readonly ssr?: boolean } | undefined): boolean {
	const name = environmentOf(hook);
	return name === undefined ? options?.ssr !== true : name === 'client';
}

/** Whether a module is for prerendered pages alone, which Astro builds on their own since 6. */
function isPrerenderedPage(hook: object): boolean {
	return environmentOf(hook) === 'prerender';
}

/** The name of the environment of a hook of Vite's, which has one since Vite 6. */
function environmentOf(hook: object): string | undefined {
	return (hook as { environment?: { readonly name: string } }).environment?.name;
}

/** An error as Rollup takes it. */
interface PlacedError {
	readonly message: string;
	readonly id?: string;
	readonly loc?: { readonly file: string; readonly line: number; readonly column: number };
}

/** An error with the place of the newest import: without one, Astro shows the code of Vite. */
function wrongSide(importers: ReadonlySet<string>): PlacedError {
	const all = [...importers];
	const message = `\`${SERVER_MODULE}\` is for servers, but a page's script or an island imports it. Import \`${CLIENT_MODULE}\` there. It is imported by: ${all.join(', ')}`;
	const file = all.at(-1)?.replace(/\?.*/, '');
	if (file === undefined || !existsSync(file)) return { message };
	const text = readFileSync(file, 'utf-8');
	// A script of an Astro component stands below the code for the server, which may import it.
	const place = Math.max(
		text.lastIndexOf(`'${SERVER_MODULE}'`),
		text.lastIndexOf(`"${SERVER_MODULE}"`),
	);
	const before = text.slice(0, Math.max(place, 0)).split('\n');
	const loc = { file, line: before.length, column: before.at(-1)?.length ?? 0 };
	return { message, id: file, loc };
}

function serverModule({ packageName, serverModule }: RealtimePluginOptions): string {
	return `export * from ${JSON.stringify(serverModule ?? `${packageName}/realtime/server`)};\n`;
}

function prerenderedModule({ packageName }: RealtimePluginOptions): string {
	return `export * from ${JSON.stringify(`${packageName}/realtime/prerendered`)};\n`;
}

function clientModule(options: RealtimePluginOptions, isClient: boolean, isBuild: boolean): string {
	const { packageName, base, hasTrailingSlash } = options;
	const files = findRealtimeFiles(options);
	const settings = {
		url: base.replace(/\/$/, '') + ENDPOINT + (hasTrailingSlash === true ? '/' : ''),
		version: isBuild ? versionOf(files) : DEV_VERSION,
	};
	// In `astro dev` a channel may get presence while pages are open.
	const parts = !isBuild || usedParts(files).presence ? ['presence'] : [];
	const create = isClient ? 'createPageClient' : 'createRenderedClient';
	const given = [...(isClient ? [JSON.stringify(settings)] : []), ...parts];
	const imported = [create, 'RealtimeError', ...parts];
	return `import { ${imported.join(', ')} } from ${JSON.stringify(`${packageName}/client/page`)};
export const { channels, socket } = ${create}(${given.join(', ')});
export { RealtimeError };
`;
}

/** Imports every file at once, so that a server with a wrong file does not start. */
export function filesModule(files: RealtimeFiles, isBuild: boolean): string {
	const { channels, middleware, problems } = files;
	if (isBuild && problems.length > 0) throw new ProblemsError(problems);
	const imports: string[] = [];
	const list = (entries: readonly { readonly location: string }[]): string => {
		const texts = entries.map(({ location, ...known }) => {
			const name = `module${imports.length}`;
			imports.push(`import * as ${name} from ${JSON.stringify(withSlashes(location))};\n`);
			return `\t{ ...${JSON.stringify(known)}, module: ${name} },\n`;
		});
		return `[\n${texts.join('')}]`;
	};
	const body = `export const files = ${list(channels)};
export const middleware = ${list(middleware)};
export const version = ${JSON.stringify(isBuild ? versionOf(files) : DEV_VERSION)};
export const problems = ${JSON.stringify(problems)};
`;
	return imports.join('') + body;
}

/** A hash of the channel files. */
export function versionOf({ channels, middleware }: RealtimeFiles): string {
	const hash = createHash('sha256');
	for (const { path, location } of [...channels, ...middleware]) {
		hash.update(JSON.stringify([path, readFileSync(location, 'utf-8')]));
	}
	return hash.digest('base64url').slice(0, 16);
}

/** Calls back for each change of the site's channels in `astro dev`. */
function watch(server: ViteDevServer, options: RealtimePluginOptions): void {
	const { onChange, writeTypes, packageName } = options;
	const changed = (file: string): void => {
		if (!isRealtimeFile(file, options) && !isImported(server, file)) return;
		invalidate(server, file);
		onChange?.();
	};
	const listed = (file: string): void => {
		if (!isRealtimeFile(file, options)) return;
		writeTypes?.(realtimeTypes(findRealtimeFiles(options), packageName));
		changed(file);
	};
	server.watcher.on('add', listed);
	server.watcher.on('unlink', listed);
	server.watcher.on('change', changed);
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
	getModulesByFile(file: string): Set<Node> | undefined;
	getModuleById(id: string): Node | undefined;
	onFileChange(file: string): void;
	invalidateModule(node: never): void;
}

interface Node {
	readonly id: string | null;
	readonly importers: Iterable<Node>;
}

/** Whether a channel file imports the file, directly or not. */
function isImported(server: ViteDevServer, file: string): boolean {
	return graphsOf(server).some((graph) => {
		const seen = new Set<Node>(graph.getModulesByFile(withSlashes(file)));
		for (const node of seen) {
			if (node.id === RESOLVED_FILES_MODULE) return true;
			for (const importer of node.importers) seen.add(importer);
		}
		return false;
	});
}

/** Vite may not have seen the change yet. */
function invalidate(server: ViteDevServer, file: string): void {
	for (const graph of graphsOf(server)) {
		graph.onFileChange(withSlashes(file));
		const files = graph.getModuleById(RESOLVED_FILES_MODULE);
		if (files !== undefined) graph.invalidateModule(files as ModuleNode as never);
	}
}
