import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { build, type Rollup } from 'vite';
import { type SiteFolders, siteWith } from '../../realtime/configure/site.fixture.ts';
import { workerModule, workerModulePlugin } from './worker-module.ts';

/** A package with an entry and a class, and Cloudflare's module. */
const PACKAGE = {
	'node_modules/the-package/package.json':
		'{"name":"the-package","type":"module","exports":{"./*":"./*.js"}}',
	'node_modules/the-package/entry.js': "export default { fetch: () => 'of the package' };",
	'node_modules/the-package/realtime/object.js':
		"export class ZastroRealtime { name = 'object of channels'; }",
	'cloudflare-workers.js': 'export class DurableObject {}',
};

function site(context: TestContext): SiteFolders {
	const folders = siteWith(context, []);
	folders.write(PACKAGE);
	return folders;
}

/** What the built Worker with this entry exports. */
async function exported(
	{ path, root }: SiteFolders,
	main: string,
	hasChannels = true,
): Promise<Record<string, unknown>> {
	const entry = workerModule(main, { configPath: join(path, 'wrangler.jsonc') }, root);
	assert.ok(entry !== undefined);
	const plugin = workerModulePlugin({
		objectModule: 'the-package/realtime/object',
		hasChannels: () => hasChannels,
	});
	const output = await build({
		root: path,
		configFile: false,
		logLevel: 'silent',
		plugins: [plugin],
		resolve: { alias: { 'cloudflare:workers': join(path, 'cloudflare-workers.js') } },
		ssr: { noExternal: true },
		build: {
			write: false,
			ssr: true,
			rollupOptions: { input: { index: entry }, preserveEntrySignatures: 'strict' },
		},
	});
	const [{ output: chunks }] = [output].flat() as [Rollup.RollupOutput];
	assert.equal(chunks.length, 1);
	return import(`data:text/javascript,${encodeURIComponent(chunks[0].code)}`);
}

test('the Worker of the adapter has the class beside its handler', async (context) => {
	const worker = await exported(site(context), 'the-package/entry');
	assert.deepEqual(Object.keys(worker).sort(), ['ZastroRealtime', 'default']);
	const { fetch } = worker.default as { fetch(): string };
	assert.equal(fetch(), 'of the package');
});

test('the Worker of a site keeps its handlers and classes', async (context) => {
	const folders = site(context);
	folders.write({
		'src/a (worker).ts': `export { Room } from './room';
export const version: number = 1;
export default { fetch: () => 'of the site', queue: () => 'queue', scheduled: () => 'cron' };`,
		'src/room.ts': 'export class Room {}',
	});
	const worker = await exported(folders, './src/a (worker).ts');
	assert.deepEqual(Object.keys(worker).sort(), ['Room', 'ZastroRealtime', 'default', 'version']);
	assert.deepEqual(Object.keys(worker.default as object), ['fetch', 'queue', 'scheduled']);
});

test('a class of the same name in the Worker of a site gives way', async (context) => {
	const folders = site(context);
	folders.write({ 'src/worker.ts': "export class ZastroRealtime { name = 'of the site'; }" });
	const { ZastroRealtime } = await exported(folders, 'src/worker.ts');
	const { name } = new (ZastroRealtime as new () => { name: string })();
	assert.equal(name, 'object of channels');
});

test('without channels the class does nothing, so that its objects stay', async (context) => {
	const worker = await exported(site(context), 'the-package/entry', false);
	const object = new (worker.ZastroRealtime as new () => { alarm(): void })();
	assert.equal(object.alarm(), undefined);
	assert.equal(Reflect.get(object, 'name'), undefined);
});

test('a missing entry is left to the plugin of Cloudflare, which reports it', (context) => {
	const { path, root } = site(context);
	assert.equal(workerModule('./src/missing.ts', {}, root), undefined);
	const configPath = join(path, 'config/wrangler.jsonc');
	assert.equal(workerModule('./cloudflare-workers.js', { configPath }, root), undefined);
	assert.notEqual(workerModule('../cloudflare-workers.js', { configPath }, root), undefined);
	assert.notEqual(workerModule('./cloudflare-workers.js', {}, root), undefined);
});

test("Vite's scanner finds the dependencies of a site's own entry", (context) => {
	const { path, root } = site(context);
	const plugin = workerModulePlugin({ objectModule: '', hasChannels: () => true });
	const { configEnvironment } = plugin as unknown as {
		configEnvironment(name: string, options: object): unknown;
	};
	const entry = workerModule('./cloudflare-workers.js', {}, root);
	for (const entries of [entry, [entry, 'src/**/*.astro']]) {
		assert.deepEqual(configEnvironment('ssr', { optimizeDeps: { entries } }), {
			optimizeDeps: { entries: [join(path, 'cloudflare-workers.js')] },
		});
	}
	assert.equal(configEnvironment('client', {}), undefined);
	assert.equal(configEnvironment('ssr', { optimizeDeps: { entries: ['a.ts'] } }), undefined);
});
