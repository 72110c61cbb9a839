import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { RealtimeSetup } from './realtime.ts';

type Setup = Parameters<RealtimeSetup['setUp']>[0];

interface ModulePlugin {
	readonly name: string;
	resolveId(id: string): string | undefined;
	load(id: string): string | undefined;
}

/** A project with these files, set up. */
function project(
	context: TestContext,
	files: readonly string[],
	config: object = {},
	command: Setup['command'] = 'build',
	engine: 'memory' | 'redis' = 'memory',
) {
	const folder = mkdtempSync(join(tmpdir(), 'realtime-setup-'));
	context.after(() => rmSync(folder, { recursive: true }));
	for (const file of ['src/pages/index.ts', ...files]) {
		mkdirSync(join(folder, file, '..'), { recursive: true });
		writeFileSync(join(folder, file), '');
	}
	const root = pathToFileURL(`${folder}/`);
	const routes: unknown[] = [];
	const plugins: ModulePlugin[] = [];
	const setup = new RealtimeSetup('package', { engine, prefix: undefined });
	const parameters = {
		config: { root, srcDir: new URL('src/', root), base: '/', ...config },
		command,
		injectRoute: (route: unknown) => routes.push(route),
		updateConfig: ({ vite }: { vite: { plugins: ModulePlugin[] } }) =>
			plugins.push(...vite.plugins),
	};
	setup.setUp(parameters as never, null);
	return { folder, setup, routes, plugins };
}

/** The text of the module with the settings. */
function settings(plugins: readonly ModulePlugin[]): string | undefined {
	const id = 'virtual:astro-websocket:realtime';
	const plugin = plugins.find(({ name }) => name === id);
	return plugin?.load(plugin.resolveId(id) ?? '');
}

test('the build of a site without channel files gets nothing', (context) => {
	for (const files of [[], ['src/realtime/_schemas.ts', 'src/realtime/notes.md']]) {
		const { setup, routes, plugins } = project(context, files);
		assert.equal(setup.isUsed, false);
		assert.equal(setup.start, '');
		assert.deepEqual([routes, plugins], [[], []]);
		setup.injectTypes({ injectTypes: () => assert.fail('types were injected') });
	}
});

test('a dev server is ready for the first channel file', (context) => {
	const { folder, setup, routes, plugins } = project(context, [], {}, 'dev');
	assert.equal(routes.length, 1);
	assert.deepEqual(
		plugins.map(({ name }) => name),
		[
			'zastro-realtime',
			'virtual:astro-websocket:realtime',
			'virtual:astro-websocket:realtime-engine',
		],
	);
	const names: string[] = [];
	setup.injectTypes({
		injectTypes({ filename }) {
			names.push(filename);
			return pathToFileURL(join(folder, filename));
		},
	});
	assert.deepEqual(names, ['realtime.d.ts', 'realtime-modules.d.ts']);
	assert.equal(setup.hasFolder, false);
	mkdirSync(join(folder, 'src/realtime'));
	assert.equal(setup.hasFolder, true);
});

test('a site with channel files gets the endpoint, on demand', (context) => {
	const { setup, routes } = project(context, ['src/realtime/rooms/[room].ts']);
	assert.deepEqual(routes, [
		{ pattern: '/_realtime/[...path]', entrypoint: 'package/realtime/endpoint', prerender: false },
	]);
	assert.equal(
		setup.start,
		'import "package/realtime/endpoint";\nimport { startEngine } from "package/realtime/start-engine";\nstartEngine();\n',
	);
});

test('a server whose engine is elsewhere starts when its engine has', (context) => {
	const files = ['src/realtime/lobby.ts', 'node_modules/ioredis/index.js'];
	const { setup, plugins } = project(context, files, {}, 'build', 'redis');
	assert.match(setup.start, /^await startEngine\(\);$/m);
	assert.match(settings(plugins) ?? '', /engineOptions = "\{\\"engine\\":\\"redis\\"\}"/);
});

test('a dev server gets an endpoint that imports no channel file', (context) => {
	const { routes } = project(context, ['src/realtime/rooms/[room].ts'], {}, 'dev');
	assert.deepEqual(routes, [
		{
			pattern: '/_realtime/[...path]',
			entrypoint: 'package/realtime/dev-endpoint',
			prerender: false,
		},
	]);
});

test('a built server has no scope, and a dev server that of its project', (context) => {
	const files = ['src/realtime/lobby.ts'];
	const built = settings(project(context, files, { trailingSlash: 'always' }).plugins);
	assert.equal(
		built,
		'export const isDevelopment = false;\nexport const scope = undefined;\nexport const hasTrailingSlash = true;\nexport const engineOptions = "{\\"engine\\":\\"memory\\"}";\n',
	);
	const { folder, plugins } = project(context, files, {}, 'dev');
	assert.match(settings(plugins) ?? '', /^export const isDevelopment = true;$/m);
	assert.ok(settings(plugins)?.includes(JSON.stringify(`${pathToFileURL(folder)}/`)));
});

test('the types of channels are injected', (context) => {
	const { folder, setup } = project(context, ['src/realtime/rooms/[room].ts']);
	const place = join(folder, 'types.d.ts');
	const names: string[] = [];
	setup.injectTypes({
		injectTypes({ filename, content }) {
			names.push(filename);
			writeFileSync(place, content);
			return pathToFileURL(place);
		},
	});
	assert.deepEqual(names, ['realtime.d.ts', 'realtime-modules.d.ts']);
	assert.match(readFileSync(place, 'utf-8'), /declare module 'zastro:realtime'/);
});
