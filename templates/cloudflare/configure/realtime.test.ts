import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { siteWith } from '../../realtime/configure/site.fixture.ts';
import { realtimeSetup, withRealtimeObject } from './realtime.ts';

type Parameters = globalThis.Parameters<ReturnType<typeof realtimeSetup>['setUp']>[0];

interface FoundPlugin {
	readonly name: string;
	load(id: string): string | undefined;
	configEnvironment(name: string, options: object): unknown;
	configureServer(server: object): void;
	hotUpdate(update: object): unknown;
}

/** A site with these files below `src/realtime`, set up. */
function project(
	context: TestContext,
	files: readonly string[],
	command: Parameters['command'] = 'build',
) {
	const folders = siteWith(context, files);
	const { root, srcDir } = folders;
	const routes: unknown[] = [];
	const plugins: FoundPlugin[] = [];
	const setup = realtimeSetup('package');
	const parameters = {
		config: { root, srcDir, base: '/', trailingSlash: 'always' },
		command,
		injectRoute: (route: unknown) => routes.push(route),
		updateConfig: ({ vite }: { vite: { plugins: FoundPlugin[] } }) => plugins.push(...vite.plugins),
	};
	setup.setUp(parameters as never, { presenceCheck: 60_000, maxMessagesPerSecond: 1000 });
	const plugin = (name: string): FoundPlugin => {
		const found = plugins.find((known) => known.name === name);
		assert.ok(found !== undefined, `no plugin ${name}`);
		return found;
	};
	return { ...folders, setup, routes, plugins, plugin };
}

const CHANNEL = ['rooms/[room].ts'];

/** What upstream adds to the configuration of the Worker. */
const UPSTREAM = { main: 'package/entrypoints/server', previews: { kv_namespaces: ['SESSION'] } };

/** The configuration of a site with these files, as Cloudflare's plugin gets it. */
function configured(
	context: TestContext,
	files: readonly string[],
	command: string,
	config: object = {},
	upstream: object = UPSTREAM,
) {
	const warnings: string[] = [];
	const { root, srcDir } = siteWith(context, files);
	const logger = { warn: (text: string): unknown => warnings.push(text) };
	const customize = withRealtimeObject<object>(
		() => upstream,
		{ command, config: { root, srcDir }, logger: logger as never },
		() => true,
	);
	return { customize: () => customize(config) as Record<string, unknown>, warnings };
}

const MIGRATIONS = { migrations: [{ tag: 'v1', new_sqlite_classes: ['Room'] }] };
const NAMED = { migrations: [{ tag: 'v1', new_sqlite_classes: ['Room', 'ZastroRealtime'] }] };

test('a site without channels keeps the configuration that upstream makes', (context) => {
	for (const command of ['build', 'dev', 'sync']) {
		const { customize } = configured(context, ['_schemas.ts'], command, MIGRATIONS);
		assert.equal(customize(), UPSTREAM);
	}
});

test('a site with channels gets an entry, bindings and what upstream adds', (context) => {
	const { customize } = configured(context, CHANNEL, 'build', NAMED);
	const binding = { name: 'ZASTRO_REALTIME', class_name: 'ZastroRealtime' };
	assert.deepEqual(customize(), {
		main: 'virtual:astro-cloudflare:worker(package%2Fentrypoints%2Fserver)',
		durable_objects: { bindings: [binding] },
		compatibility_flags: ['nodejs_als'],
		previews: {
			kv_namespaces: ['SESSION'],
			durable_objects: { bindings: [binding] },
		},
	});
});

test('a Wrangler without previews gets none', (context) => {
	const upstream = { main: 'package/entrypoints/server' };
	const { customize } = configured(context, CHANNEL, 'build', NAMED, upstream);
	assert.ok(!('previews' in customize()));
});

test('a build that could not be deployed fails, and `astro dev` warns', (context) => {
	const lines = /"new_sqlite_classes": \["ZastroRealtime"\]/;
	const build = configured(context, CHANNEL, 'build', MIGRATIONS);
	assert.throws(build.customize, { name: 'AstroUserError', hint: lines });
	const dev = configured(context, CHANNEL, 'dev', MIGRATIONS);
	assert.deepEqual(dev.customize().migrations, [
		{ tag: 'zastro-realtime', new_sqlite_classes: ['ZastroRealtime'] },
	]);
	assert.equal(dev.warnings.length, 1);
	assert.match(dev.warnings.join(), lines);
	const sync = configured(context, CHANNEL, 'sync', MIGRATIONS);
	assert.ok(sync.customize().migrations !== undefined);
	assert.deepEqual(sync.warnings, []);
});

test('a mistake in the configuration fails in `astro dev` as well', (context) => {
	const deleted = { migrations: [{ tag: 'v1', deleted_classes: ['ZastroRealtime'] }] };
	for (const command of ['build', 'dev']) {
		assert.throws(configured(context, CHANNEL, command, deleted).customize, {
			name: 'AstroUserError',
			message: /deletes or renames/,
		});
	}
});

test('a site that declares the class keeps it when its channels are gone', (context) => {
	const { customize } = configured(context, [], 'build', NAMED);
	assert.deepEqual(Object.keys(customize()), ['main', 'previews']);
	assert.match(String(customize().main), /^virtual:/);
});

test('the build of a site without channels gets no route and no types', (context) => {
	const { setup, routes, plugins } = project(context, ['_schemas.ts']);
	assert.deepEqual(routes, []);
	assert.deepEqual(
		plugins.map(({ name }) => name),
		['zastro-realtime:worker', 'virtual:astro-cloudflare:realtime'],
	);
	setup.injectTypes({ injectTypes: () => assert.fail('types were injected') });
});

test('a site with channels gets the endpoint, on demand', (context) => {
	for (const [command, isDevelopment] of [
		['build', false],
		['dev', true],
	] as const) {
		const { routes, plugin } = project(context, CHANNEL, command);
		assert.deepEqual(routes, [
			{
				pattern: '/_realtime/[...path]',
				entrypoint: 'package/realtime/endpoint',
				prerender: false,
			},
		]);
		const settings = plugin('virtual:astro-cloudflare:realtime');
		assert.equal(
			settings.load('\0virtual:astro-cloudflare:realtime'),
			[
				`export const isDevelopment = ${isDevelopment};`,
				'export const hasTrailingSlash = true;',
				'export const presenceCheck = 60000;',
				'export const maxMessagesPerSecond = 1000;',
				'',
			].join('\n'),
		);
	}
});

test('the types of channels are injected', (context) => {
	const { setup } = project(context, CHANNEL);
	const names: string[] = [];
	setup.injectTypes({
		injectTypes({ filename }) {
			names.push(filename);
			return new URL(`file:///${filename}`);
		},
	});
	assert.deepEqual(names, ['realtime.d.ts', 'realtime-modules.d.ts']);
});

test('the optimizer of a dev server keeps the state of channels in one copy', (context) => {
	const { plugin } = project(context, [], 'dev');
	const { configEnvironment } = plugin('zastro-realtime:dev');
	assert.deepEqual(configEnvironment('ssr', {}), {
		optimizeDeps: {
			exclude: [
				'package/realtime/endpoint',
				'package/realtime/object',
				'package/realtime/server',
				'package/realtime/prerendered',
				'package/stats',
				'package/client/page',
				'package/realtime/presence',
				'package/realtime/short-form',
			],
		},
	});
	assert.equal(configEnvironment('client', {}), undefined);
});

/** A dev server of a project, and what happens there. */
function devServer({ plugin }: ReturnType<typeof project>) {
	const watcher = new EventEmitter();
	const events: string[] = [];
	let loaded = (_: object): void => {};
	const graph = {
		getModuleById: (id: string) => ({ id, importers: [], importedModules: [] }),
		getModulesByFile: () => undefined,
		onFileChange: () => {},
		invalidateModule: () => {},
	};
	const send =
		(to: string) =>
		({ type }: { type: string }): void => {
			events.push(`${type} of ${to}`);
		};
	const server = {
		watcher,
		middlewares: { use: () => {} },
		restart: () => events.push('restart'),
		ws: { send: send('pages') },
		environments: {
			client: {
				moduleGraph: { ...graph, getModuleById: () => undefined },
				hot: { on: () => {} },
			},
			ssr: {
				moduleGraph: graph,
				hot: {
					on(_: string, listener: typeof loaded) {
						loaded = listener;
					},
					send(payload: { type: string }) {
						send('the Worker')(payload);
						queueMicrotask(() => loaded({ hasFailed: false }));
					},
				},
			},
		},
	};
	for (const name of ['zastro-realtime', 'zastro-realtime:dev']) {
		plugin(name).configureServer(server);
	}
	loaded({ hasFailed: false });
	const update = plugin('zastro-realtime:dev').hotUpdate;
	return {
		events,
		tell: (event: string, file: string) => watcher.emit(event, file),
		/** What Vite is to reload itself. */
		update: (file: string, modules: readonly object[]) =>
			update.call({ environment: { name: 'ssr' } }, { file, modules, server }),
		settled: () => setTimeout(300),
	};
}

test('a dev server restarts with the first channel and without the last one', async (context) => {
	const site = project(context, [], 'dev');
	const place = (path: string): string => join(fileURLToPath(site.root), path);
	const { events, tell, settled } = devServer(site);
	const change = async (event: string, paths: readonly string[]): Promise<void> => {
		for (const path of paths) {
			if (event === 'add') site.write({ [path]: '' });
			else rmSync(place(path));
			tell(event, place(path));
		}
		await settled();
	};
	await change('add', ['src/unrelated.ts', 'src/realtime/_schemas.ts']);
	assert.deepEqual(events, []);
	// Also if there are several at once.
	await change('add', ['src/realtime/rooms/[room].ts', 'src/realtime/news.ts']);
	await change('add', ['src/realtime/lobby.ts']);
	assert.deepEqual(events, ['restart', 'full-reload of the Worker']);
	await change('unlink', ['src/realtime/lobby.ts', 'src/realtime/news.ts']);
	await change('unlink', ['src/realtime/rooms/[room].ts']);
	assert.deepEqual(events.slice(2), ['full-reload of the Worker', 'restart']);
});

test('a dev server reloads the Worker once, and pages after it', async (context) => {
	const site = project(context, CHANNEL, 'dev');
	const place = (path: string): string => join(fileURLToPath(site.root), 'src/realtime', path);
	const { events, tell, update, settled } = devServer(site);
	const known = [{ id: place('rooms/[room].ts'), importers: [] }];
	// A renamed file, and an edited one.
	site.write({ 'src/realtime/rooms/[id].ts': '' });
	tell('add', place('rooms/[id].ts'));
	assert.deepEqual(update(place('rooms/[id].ts'), []), []);
	tell('change', place('rooms/[room].ts'));
	assert.deepEqual(update(place('rooms/[room].ts'), known), []);
	rmSync(place('rooms/[room].ts'));
	tell('unlink', place('rooms/[room].ts'));
	assert.deepEqual(update(place('rooms/[room].ts'), known), []);
	assert.deepEqual(events, []);
	await settled();
	assert.deepEqual(events, ['full-reload of the Worker', 'full-reload of pages']);
	// Others are Vite's.
	assert.equal(update(place('../pages/index.ts'), [{ id: 'page', importers: [] }]), undefined);
});
