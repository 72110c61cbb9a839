import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { siteWith } from '../../realtime/configure/site.fixture.ts';
import { realtimeSetup, withRealtimeObject } from './realtime.ts';

type Parameters = globalThis.Parameters<ReturnType<typeof realtimeSetup>['setUp']>[0];

interface FoundPlugin {
	readonly name: string;
	load(id: string): string | undefined;
	configEnvironment(name: string, options: object): unknown;
	configureServer(server: object): void;
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
	setup.setUp(parameters as never, { presenceCheck: 60_000 });
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

test('a dev server restarts with the first channel and without the last one', (context) => {
	const { root, write, plugin } = project(context, [], 'dev');
	const file = fileURLToPath(new URL('src/realtime/rooms/[room].ts', root));
	const watchers = new Map<string, (file: string) => void>();
	const events: string[] = [];
	plugin('zastro-realtime:dev').configureServer({
		watcher: { on: (name: string, call: (file: string) => void) => watchers.set(name, call) },
		restart: () => events.push('restart'),
		environments: {
			ssr: {
				moduleGraph: { getModuleById: (id: string) => ({ id }), invalidateModule: () => {} },
				hot: { send: ({ type }: { type: string }) => events.push(type) },
			},
		},
	});
	const add = (path: string): void => {
		write({ [path]: '' });
		watchers.get('add')?.(join(fileURLToPath(root), path));
	};
	add('src/unrelated.ts');
	add('src/realtime/_schemas.ts');
	assert.deepEqual(events, []);
	add('src/realtime/rooms/[room].ts');
	add('src/realtime/lobby.ts');
	assert.deepEqual(events, ['restart', 'full-reload']);
	for (const gone of [join(fileURLToPath(root), 'src/realtime/lobby.ts'), file]) {
		rmSync(gone);
		watchers.get('unlink')?.(gone);
	}
	assert.deepEqual(events, ['restart', 'full-reload', 'full-reload', 'restart']);
});
