/** The plugin for Vitest: `/testing/vite` of the package. */

import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'vite';
import { packageName } from '../../configure/package-name.ts';
import { WEBSOCKET_DEFAULTS } from '../../options/options.ts';
import { withSlashes } from '../../realtime/configure/files.ts';
import { realtimePlugin } from '../../realtime/configure/plugin.ts';
import { partsPlugin } from '../configure/parts-plugin.ts';
import { resolveRealtimeOptions } from '../configure/realtime-options.ts';
import { settingsPlugin } from '../configure/settings-plugin.ts';
import { OBJECT_BINDING, OBJECT_CLASS } from '../realtime/base/names.ts';

export interface RealtimeTestingOptions {
	/** The root of the site. Default: the working directory. */
	readonly root?: string | undefined;
	/** The folder of the sources, relative to the root. Default: `src`. */
	readonly srcDir?: string | undefined;
}

/** Options of Cloudflare's plugin for Vitest. */
export interface RealtimeWorkerOptions {
	main: string;
	additionalExports: Record<string, 'DurableObject'>;
	miniflare: {
		compatibilityDate: string;
		compatibilityFlags: string[];
		durableObjects: Record<string, { className: string; useSQLite: boolean }>;
	};
}

/** The first date with a `close` event that tells how a WebSocket ended. */
const COMPATIBILITY_DATE = '2026-04-15';

/** The Worker of the tests, for `cloudflareTest()`: the objects of the site's channels. */
export function realtimeWorker(): RealtimeWorkerOptions {
	return {
		main: fileURLToPath(new URL('worker.js', import.meta.url)),
		additionalExports: { [OBJECT_CLASS]: 'DurableObject' },
		miniflare: {
			compatibilityDate: COMPATIBILITY_DATE,
			compatibilityFlags: ['nodejs_compat'],
			durableObjects: { [OBJECT_BINDING]: { className: OBJECT_CLASS, useSQLite: true } },
		},
	};
}

/** Gives Vitest the channel files of a site, and the modules that their objects need. */
export function realtimeTesting({
	root = process.cwd(),
	srcDir = 'src',
}: RealtimeTestingOptions = {}): Plugin[] {
	const name = packageName();
	const folders = { root: folderUrl(root), srcDir: folderUrl(resolve(root, srcDir)) };
	const settings = {
		isDevelopment: true,
		hasTrailingSlash: false,
		maxMessagesPerSecond: WEBSOCKET_DEFAULTS.maxMessagesPerSecond,
		...resolveRealtimeOptions({}),
	};
	return [
		realtimePlugin({ ...folders, base: '/', packageName: name }),
		settingsPlugin(settings),
		partsPlugin(folders, name, settings.isDevelopment),
		kitPlugin(`${name}/testing`),
		reportsPlugin(),
	];
}

/**
 * Loads the channels with the test kit. Otherwise the first test that uses them waits for Vite to compile
 * them, and on a busy machine that takes longer than a test may last.
 */
function kitPlugin(kit: string): Plugin {
	const withChannels = `\0${kit}`;
	// In this order: the first one says what is wrong outside of workerd.
	const [testing, ...channels] = ['testing.js', 'worker.js', 'object-server.js'].map(pathOf);
	return {
		name: 'zastro-realtime-testing-kit',
		// Before the package is found.
		enforce: 'pre',
		resolveId: (id) => (id === kit ? withChannels : undefined),
		load(id) {
			if (id !== withChannels) return undefined;
			const imports = channels.map((module) => `import ${JSON.stringify(module)};\n`);
			return `export * from ${JSON.stringify(testing)};\n${imports.join('')}`;
		},
	};
}

/** Gives tests what the objects report. */
function reportsPlugin(): Plugin {
	const original = pathOf('../realtime/base/report.js');
	return {
		name: 'zastro-realtime-testing-reports',
		resolveId: {
			// Before the file is found.
			order: 'pre',
			handler(id, importer) {
				if (!id.startsWith('.') || importer === undefined) return undefined;
				const path = withSlashes(join(dirname(importer), id));
				return path === original ? pathOf('object-report.js') : undefined;
			},
		},
	};
}

/** The path of a module beside this one, as Vite writes it. */
function pathOf(module: string): string {
	return withSlashes(fileURLToPath(new URL(module, import.meta.url)));
}

function folderUrl(path: string): URL {
	return pathToFileURL(`${path}/`);
}
