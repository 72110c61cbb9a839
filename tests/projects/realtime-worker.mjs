// Prints what the channels of a site add to its Worker: bytes of minified code, compressed by gzip at
// its best level. Arguments: the root of the site, and the folder of the installed package.
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

const [root, folder] = process.argv.slice(2).map((path) => resolve(path));
const packageName = 'zastro-websockets-cloudflare';
const modules = join(folder, 'node_modules', packageName, 'dist/websocket');
const load = (module) => import(pathToFileURL(join(modules, module)));
const { build } = await import(
	pathToFileURL(createRequire(join(folder, 'node_modules/astro/package.json')).resolve('vite'))
);
const { realtimePlugin } = await load('realtime/configure/plugin.js');
const { partsPlugin } = await load('cloudflare/configure/parts-plugin.js');
const { constantsPlugin } = await load('configure/constants-plugin.js');

const rootUrl = pathToFileURL(`${root}/`);
const folders = { root: rootUrl, srcDir: new URL('src/', rootUrl) };
const settings = {
	isDevelopment: false,
	hasTrailingSlash: false,
	presenceCheck: 60_000,
	maxMessagesPerSecond: 1000,
};
const entry = 'virtual:entry';
const { output } = await build({
	root,
	configFile: false,
	logLevel: 'error',
	plugins: [
		realtimePlugin({ ...folders, base: '/', packageName }),
		partsPlugin(folders, packageName, false),
		constantsPlugin('virtual:astro-cloudflare:realtime', settings),
		{
			name: 'entry',
			resolveId: (id) => (id === entry ? `\0${entry}` : undefined),
			// What the integration adds: the route, and the class.
			load: (id) =>
				id === `\0${entry}`
					? `export { GET } from '${packageName}/realtime/endpoint';
						export { ZastroRealtime } from '${packageName}/realtime/object';`
					: undefined,
		},
	],
	// A site's own dependencies are no part of it.
	ssr: { target: 'webworker', noExternal: [packageName] },
	build: {
		ssr: true,
		write: false,
		minify: true,
		rollupOptions: { input: entry, external: [/^cloudflare:/, /^node:/, /^astro\//] },
	},
});
const code = output.flatMap((file) => (file.type === 'chunk' ? [file.code] : [])).join('');
console.log(gzipSync(code, { level: 9 }).length);
