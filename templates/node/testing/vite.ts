/** The plugin for Vitest: `/testing/vite` of the package. */

import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'vite';
import { packageName } from '../../configure/package-name.ts';
import { findRealtimeFiles, withSlashes } from '../../realtime/configure/files.ts';
import { FILES_MODULE, filesModule } from '../../realtime/configure/files-module.ts';
import { moduleBeside, STANDINS } from './standins.ts';

export interface RealtimeTestingOptions {
	/** The folder of the site's sources, relative to Vite's root. Default: `src`. */
	readonly srcDir?: string | undefined;
}

/** The kit for modules that Vite loads. */
const KIT = '\0zastro-realtime-testing';
/** The site's files, apart from the module that the adapter's own plugin makes of them. */
const FILES = `\0zastro-realtime-testing:${FILES_MODULE}`;

/**
 * Makes Vitest load the channel files of a site, with all that Vite does for them, when a test calls
 * `testRealtime()`.
 */
export function realtimeTesting({ srcDir = 'src' }: RealtimeTestingOptions = {}): Plugin {
	const kit = `${packageName()}/testing`;
	let root = process.cwd();
	return {
		name: 'zastro-realtime-testing',
		// Before the plugin of the adapter, whose modules are those of a server.
		enforce: 'pre',
		configResolved(config) {
			root = config.root;
		},
		resolveId(id) {
			if (id === kit) return KIT;
			if (id === FILES) return FILES;
			const standin = STANDINS.get(id);
			return standin === undefined ? undefined : withSlashes(fileURLToPath(standin));
		},
		load(id) {
			if (id === KIT) return kitModule();
			if (id !== FILES) return undefined;
			const folders = { root: folderUrl(root), srcDir: folderUrl(resolve(root, srcDir)) };
			// A wrong path is an error here, as in a build.
			return filesModule(findRealtimeFiles(folders), true);
		},
	};
}

/** Vite sees from the imports which tests a changed channel file concerns. */
function kitModule(): string {
	const testing = JSON.stringify(withSlashes(fileURLToPath(moduleBeside('testing'))));
	return `import { testSite } from ${testing};
export * from ${testing};
const load = () => import(${JSON.stringify(FILES)});
const importFile = (file) => import(/* @vite-ignore */ file);
export const testRealtime = (options) => testSite(options, { load, importFile });
`;
}

function folderUrl(path: string): URL {
	return pathToFileURL(`${path}/`);
}
