import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { withSlashes } from '../../realtime/configure/files.ts';
import { OBJECT_CLASS } from '../realtime/base/names.ts';
import type { WorkerConfig } from './worker-config.ts';

/** Upstream's plugin excludes modules with this prefix from the bundles of Vite's optimizer. */
const PREFIX = 'virtual:astro-cloudflare:worker(';
const SUFFIX = ')';

/** Cloudflare's Vite plugin finds files with these extensions itself, from the configuration on. */
const EXTENSION = /\.(?:m?[jt]s|[jt]sx)$/;

/**
 * The module that exports the class of channels beside everything that the Worker's own entry
 * exports. Its specifier holds the entry.
 *
 * @returns Undefined if the entry is a missing file, which Cloudflare's plugin reports.
 */
export function workerModule(
	main: string,
	{ configPath }: WorkerConfig,
	root: URL,
): string | undefined {
	if (!EXTENSION.test(main)) return specifierOf(main);
	const folder = configPath === undefined ? fileURLToPath(root) : dirname(configPath);
	const file = resolve(folder, main);
	return existsSync(file) ? specifierOf(withSlashes(file)) : undefined;
}

function specifierOf(main: string): string {
	return PREFIX + encodeURIComponent(main) + SUFFIX;
}

function mainOf(specifier: string): string | undefined {
	if (!specifier.startsWith(PREFIX) || !specifier.endsWith(SUFFIX)) return undefined;
	return decodeURIComponent(specifier.slice(PREFIX.length, -SUFFIX.length));
}

export interface WorkerModuleOptions {
	/** The module that exports the class. */
	readonly objectModule: string;
	/** Whether the site has channels now. */
	readonly hasChannels: () => boolean;
}

/** The used part of the options of an environment of Vite. */
interface EnvironmentOptions {
	readonly optimizeDeps?: { readonly entries?: string | string[] | undefined } | undefined;
}

/** Provides {@link workerModule}. */
export function workerModulePlugin({ objectModule, hasChannels }: WorkerModuleOptions): Plugin {
	// A variable, because the types of Vite 5 have no `configEnvironment`.
	const plugin = {
		name: 'zastro-realtime:worker',
		configEnvironment(_name: string, { optimizeDeps }: EnvironmentOptions) {
			// Vite finds the dependencies of the Worker by its entry. Found late, they are bundled again,
			// and the first request waits.
			const mains = [optimizeDeps?.entries ?? []].flat().flatMap((entry) => mainOf(entry) ?? []);
			return mains.length === 0 ? undefined : { optimizeDeps: { entries: mains } };
		},
		resolveId: (id: string) => (mainOf(id) === undefined ? undefined : `\0${id}`),
		load(id: string) {
			const main = id.startsWith('\0') ? mainOf(id.slice(1)) : undefined;
			if (main === undefined) return undefined;
			const object = hasChannels()
				? `export { ${OBJECT_CLASS} } from ${JSON.stringify(objectModule)};\n`
				: PARKED;
			return `import * as worker from ${JSON.stringify(main)};
export * from ${JSON.stringify(main)};
export default worker.default ?? {};
${object}`;
		},
	};
	return plugin;
}

/** Keeps the objects of a site that declares their class and has no channels any more. */
const PARKED = `import { DurableObject } from 'cloudflare:workers';
export class ${OBJECT_CLASS} extends DurableObject {
	alarm() {}
}
`;
