import { existsSync, readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import { NO_CHANNEL } from '../define/reading/no-channel.ts';
import { ProblemsError } from '../define/reading/problem.ts';
import { ENDPOINT } from '../protocol/constants.ts';
import {
	findRealtimeFiles,
	type ProjectFolders,
	type RealtimeFiles,
	withSlashes,
} from './files.ts';
import { FILES_MODULE, filesModule, RESOLVED_FILES_MODULE, versionOf } from './files-module.ts';
import { usedParts } from './used-parts.ts';
import { type WatchOptions, watchChannels } from './watch.ts';

/** The module of the site's server code. */
export const SERVER_MODULE = 'zastro:realtime';
/** The module of pages and islands. */
export const CLIENT_MODULE = 'zastro:realtime/client';
const MODULES: readonly string[] = [SERVER_MODULE, CLIENT_MODULE, FILES_MODULE];

export interface RealtimePluginOptions extends ProjectFolders, WatchOptions {
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
}

/** Provides the modules of channels to a site, in Vite 5 and later. */
export function realtimePlugin(options: RealtimePluginOptions): Plugin {
	const { packageName } = options;
	/** What imports the module of servers into a page. */
	const importers = new Set<string>();
	let isBuild = false;
	/** The channel files of a build, by the ids of their modules. */
	let channels: ReadonlyMap<string, string> = new Map();
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
			watchChannels(server, options);
		},
		resolveId(id, importer, resolution) {
			if (!MODULES.includes(id)) return undefined;
			if (id === SERVER_MODULE && importer !== undefined && isOfPage(this, resolution)) {
				// The newest one is the last.
				importers.delete(importer);
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
				case RESOLVED_FILES_MODULE: {
					const files = findRealtimeFiles(options);
					if (isBuild) channels = pathsOf(files);
					return filesModule(files, isBuild);
				}
				default:
					return undefined;
			}
		},
		moduleParsed({ id, exports }) {
			const file = channels.get(id);
			// Whatever else is wrong in a file shows when the built server starts.
			if (file === undefined || exports?.includes('default') !== false) return;
			const [message, hint] = NO_CHANNEL;
			throw new ProblemsError([{ file, message, hint }]);
		},
	};
}

function pathsOf({ channels }: RealtimeFiles): ReadonlyMap<string, string> {
	return new Map(channels.map(({ location, path }) => [withSlashes(location), path]));
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
	const all = [...importers].filter(mayImport);
	const message = `\`${SERVER_MODULE}\` is for servers, but a page's script or an island imports it. Import \`${CLIENT_MODULE}\` there. It is imported by: ${all.join(', ')}`;
	const file = fileOf(all.at(-1) ?? '');
	if (!existsSync(file)) return { message };
	const text = readFileSync(file, 'utf-8');
	const before = text.slice(0, Math.max(placeIn(text), 0)).split('\n');
	const loc = { file, line: before.length, column: before.at(-1)?.length ?? 0 };
	return { message, id: file, loc };
}

/** Whether a module still imports that of servers, which it may no longer do in `astro dev`. */
function mayImport(id: string): boolean {
	const file = fileOf(id);
	return !existsSync(file) || placeIn(readFileSync(file, 'utf-8')) !== -1;
}

/** The place of the specifier in a text, -1 if there is none. */
function placeIn(text: string): number {
	// A script of an Astro component stands below the code for the server, which may import it.
	return Math.max(text.lastIndexOf(`'${SERVER_MODULE}'`), text.lastIndexOf(`"${SERVER_MODULE}"`));
}

/** The file of a module that may be a part of it, as a script of an Astro component is. */
function fileOf(id: string): string {
	return id.replace(/\?.*/, '');
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
		version: versionOf(files, isBuild),
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
