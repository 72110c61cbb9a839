import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import {
	build,
	createServer,
	type InlineConfig,
	type Plugin,
	type Rollup,
	type ViteDevServer,
} from 'vite';
import { FILES_MODULE } from './files-module.ts';
import {
	CLIENT_MODULE,
	type RealtimePluginOptions,
	realtimePlugin,
	SERVER_MODULE,
} from './plugin.ts';
import { type SiteFolders, siteWith } from './site.fixture.ts';
import type { Declarations } from './types.ts';

/** A package with the modules that the plugin imports. */
const PACKAGE = {
	'node_modules/the-package/package.json':
		'{"name":"the-package","type":"module","exports":{"./*":"./*.js"}}',
	'node_modules/the-package/client/page.js': `export class RealtimeError extends Error {}
export const presence = 'presence of the client';
export const createPageClient = (options, presence) =>
	({ channels: { ...options, presence }, socket: 'socket of the client' });
export const createRenderedClient = (presence) => ({ channels: { isRendered: true, presence } });`,
	'node_modules/the-package/realtime/server.js': `export const channels = 'channels of the server';
export const defineChannel = (options) => ({ secret: 'code of the server', ...options });`,
};

function site(context: TestContext, files: Readonly<Record<string, string>>): SiteFolders {
	const folders = siteWith(context, files);
	folders.write(PACKAGE);
	return folders;
}

function settings(
	{ root, srcDir, path }: SiteFolders,
	options: Partial<RealtimePluginOptions> = {},
): InlineConfig {
	const given = { root, srcDir, packageName: 'the-package', base: '/docs/', ...options };
	return {
		root: path,
		configFile: false,
		logLevel: 'silent',
		plugins: [realtimePlugin(given)],
	};
}

/** The code that Vite builds from this entry. */
async function built(
	folders: SiteFolders,
	entry: string,
	side: 'client' | 'server',
): Promise<string> {
	folders.write({ 'entry.js': entry });
	const input = join(folders.path, 'entry.js');
	const output = await build({
		...settings(folders),
		...(side === 'server' && { ssr: { noExternal: true } }),
		build: {
			write: false,
			minify: false,
			ssr: side === 'server',
			rollupOptions: { input, preserveEntrySignatures: 'strict' },
		},
	});
	const [{ output: chunks }] = [output].flat() as [Rollup.RollupOutput];
	return chunks.map((chunk) => (chunk.type === 'chunk' ? chunk.code : '')).join('\n');
}

async function run(code: string): Promise<Record<string, unknown>> {
	return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

async function devServer(
	context: TestContext,
	folders: SiteFolders,
	options: Partial<RealtimePluginOptions> = {},
): Promise<ViteDevServer> {
	const server = await createServer({
		...settings(folders, options),
		// The tests tell of changes themselves.
		server: { middlewareMode: true, ws: false, watch: null },
		optimizeDeps: { noDiscovery: true, include: [] },
	});
	context.after(() => server.close());
	return server;
}

const CHAT =
	"import { defineChannel } from 'zastro:realtime';\nexport default defineChannel({});\n";

test('gives a page a client of the endpoint, with the version of the files', async (context) => {
	const folders = site(context, { 'chat.ts': CHAT });
	const entry = "export { channels, socket, RealtimeError } from 'zastro:realtime/client';";
	const first = await run(await built(folders, entry, 'client'));
	const { url, version } = first.channels as Record<string, string>;
	assert.equal(url, '/docs/_realtime');
	assert.match(String(version), /^[\w-]{16}$/);
	assert.equal(first.socket, 'socket of the client');
	const again = await run(await built(folders, `${entry}//`, 'client'));
	assert.deepEqual(again.channels, first.channels);
	folders.write({ 'src/realtime/chat.ts': `${CHAT}// changed` });
	const later = await run(await built(folders, `${entry}///`, 'client'));
	assert.notDeepEqual(later.channels, first.channels);
});

test('gives an island that is rendered on the server a client that does nothing', async (context) => {
	const folders = site(context, { 'chat.ts': CHAT });
	const entry = "export { channels } from 'zastro:realtime/client';";
	const { channels } = await run(await built(folders, entry, 'server'));
	assert.deepEqual(channels, { isRendered: true, presence: undefined });
});

test('gives a page presence if a channel may have it, and always in dev', async (context) => {
	const folders = site(context, { 'chat.ts': CHAT });
	const entry = "export { channels } from 'zastro:realtime/client';";
	assert.doesNotMatch(await built(folders, entry, 'client'), /presence of the client/);
	const server = await devServer(context, folders);
	const module = await server.transformRequest(CLIENT_MODULE);
	assert.match(module?.code ?? '', /presence/);
	folders.write({
		'src/realtime/rooms/[room].ts': CHAT.replace('({})', '({ presence: { schema } })'),
	});
	const { channels } = await run(await built(folders, `${entry}//`, 'client'));
	assert.equal((channels as { presence: unknown }).presence, 'presence of the client');
});

test('puts no code of a channel into a page', async (context) => {
	const folders = site(context, { 'chat.ts': CHAT });
	const code = await built(folders, "export { channels } from 'zastro:realtime/client';", 'client');
	assert.doesNotMatch(code, /code of the server|realtime\/chat/);
});

test('gives a server the channels', async (context) => {
	const folders = site(context, {});
	const code = await built(folders, "export { channels } from 'zastro:realtime';", 'server');
	assert.equal((await run(code)).channels, 'channels of the server');
});

test('gives prerendered pages, which have an environment, another module', (context) => {
	const [plugin] = settings(site(context, {})).plugins as [Plugin];
	const load = plugin.load as (this: object, id: string) => unknown;
	const loaded = (name: string): unknown =>
		load.call({ environment: { name } }, `\0${SERVER_MODULE}`);
	assert.equal(loaded('prerender'), 'export * from "the-package/realtime/prerendered";\n');
	assert.equal(loaded('ssr'), 'export * from "the-package/realtime/server";\n');
});

interface Placed extends Error {
	readonly loc?: { readonly file: string; readonly line: number };
}

test('refuses the module of servers in a page, and names that of pages', async (context) => {
	const folders = site(context, {});
	await assert.rejects(
		built(folders, "export { channels } from 'zastro:realtime';", 'client'),
		(error: Placed & { readonly errors?: readonly Placed[] }) => {
			assert.match(error.message, /Import `zastro:realtime\/client` there/);
			assert.match(error.message, /imported by: .*entry\.js/);
			// Rolldown gives it the errors of its plugins.
			const { loc } = error.errors?.[0] ?? error;
			assert.match(loc?.file ?? '', /entry\.js$/);
			assert.equal(loc?.line, 1);
			return true;
		},
	);
});

test('names the pages that import the module of servers now', (context) => {
	const folders = site(context, {});
	const [plugin] = settings(folders).plugins as [Plugin];
	const { resolveId, load } = plugin as unknown as Record<
		'resolveId' | 'load',
		(this: object, ...given: unknown[]) => unknown
	>;
	const hook = { environment: { name: 'client' }, error: (error: unknown) => error };
	const wrong = "import { channels } from 'zastro:realtime';\n";
	const right = "import { channels } from 'zastro:realtime/client';\n";
	const loadFrom = (file: string): Placed => {
		folders.write({ [file]: wrong });
		resolveId.call(hook, SERVER_MODULE, join(folders.path, file));
		const error = load.call(hook, `\0${SERVER_MODULE}`) as Placed;
		folders.write({ [file]: right });
		return error;
	};
	loadFrom('one.js');
	const two = loadFrom('two.js');
	assert.match(two.message, /imported by: \S*two\.js$/);
	const one = loadFrom('one.js');
	assert.match(one.message, /imported by: \S*one\.js$/);
	assert.match(one.loc?.file ?? '', /one\.js$/);
});

test('imports all channels and middlewares with their places', async (context) => {
	const folders = site(context, {
		'rooms/[room].ts': CHAT,
		'_middleware.ts': "export const authenticate = () => ({ id: 'ada' });",
	});
	const entry = `export * from '${FILES_MODULE}';`;
	const found = await run(await built(folders, entry, 'server'));
	const [channel] = found.files as [Record<string, unknown>];
	const { module, ...place } = channel;
	assert.deepEqual(place, {
		path: 'src/realtime/rooms/[room].ts',
		folder: 'rooms',
		file: 'rooms/[room]',
		name: 'rooms',
		params: ['room'],
	});
	assert.deepEqual({ ...(module as object) }, { default: { secret: 'code of the server' } });
	const [middleware] = found.middleware as [Record<string, Record<string, () => unknown>>];
	assert.deepEqual(middleware.module?.authenticate?.(), { id: 'ada' });
	assert.match(String(found.version), /^[\w-]{16}$/);
	const client = "export { channels } from 'zastro:realtime/client';";
	const page = await run(await built(folders, client, 'client'));
	assert.equal((page.channels as Record<string, unknown>).version, found.version);
});

test('refuses wrong files in a build, and tells of them in dev', async (context) => {
	const folders = site(context, { 'chat.ts': CHAT, 'then.ts': CHAT });
	const entry = `export * from '${FILES_MODULE}';`;
	await assert.rejects(built(folders, entry, 'server'), {
		message: /src\/realtime\/then\.ts: The path has the reserved name `then`\./,
	});
	const server = await devServer(context, folders);
	const { files, problems } = await server.ssrLoadModule(FILES_MODULE);
	assert.deepEqual(
		files.map(({ file }: { file: string }) => file),
		['chat'],
	);
	assert.equal(problems[0].file, 'src/realtime/then.ts');
});

test('refuses a file without a default export in a build', async (context) => {
	const folders = site(context, {
		'news.js': "export { default } from './_news.js';",
		'_news.js': 'export default 1;',
		'types.js': 'export const limit = 3;',
	});
	const entry = `export * from '${FILES_MODULE}';`;
	await assert.rejects(
		built(folders, entry, 'server'),
		/src\/realtime\/types\.js: The file has no default export of a channel\.\n {2}hint: Write `export default/,
	);
	rmSync(join(folders.path, 'src/realtime/types.js'));
	await built(folders, entry, 'server');
});

test('counts files that are added, edited and removed in dev', async (context) => {
	const folders = site(context, {
		'chat.ts': "import { size } from './_size.ts';\nexport default size;\n",
		'_size.ts': 'export const size = 1;\n',
	});
	let reloads = 0;
	const reloading = new EventEmitter();
	const written: (readonly Declarations[])[] = [];
	const server = await devServer(context, folders, {
		reload: () => {
			reloads++;
			reloading.emit('end');
		},
		writeTypes: (declarations) => written.push(declarations),
	});
	const exported = async (): Promise<unknown> => {
		const { files } = await server.ssrLoadModule(FILES_MODULE);
		return Object.fromEntries(
			files.map(({ file, module }: { file: string; module: { default: unknown } }) => [
				file,
				module.default,
			]),
		);
	};
	const place = (name: string): string => join(folders.path, 'src/realtime', name);
	const write = async (event: 'add' | 'change', name: string, text: string): Promise<unknown> => {
		folders.write({ [`src/realtime/${name}`]: text });
		server.watcher.emit(event, place(name));
		await once(reloading, 'end');
		return exported();
	};
	assert.deepEqual(await exported(), { chat: 1 });
	assert.deepEqual(await write('add', 'news/[topic].ts', 'export default 2;\n'), {
		chat: 1,
		'news/[topic]': 2,
	});
	assert.match(String(written[0]?.[0]?.content), /"chat" \| "news\/\[topic\]"/);
	assert.deepEqual(await write('change', 'news/[topic].ts', 'export default 3;\n'), {
		chat: 1,
		'news/[topic]': 3,
	});
	const edited = await write('change', '_size.ts', 'export const size = 4;\n');
	assert.deepEqual(edited, { chat: 4, 'news/[topic]': 3 });
	assert.equal(written.length, 1);
	rmSync(place('news/[topic].ts'));
	server.watcher.emit('unlink', place('news/[topic].ts'));
	await once(reloading, 'end');
	assert.deepEqual(await exported(), { chat: 4 });
	assert.doesNotMatch(String(written[1]?.[0]?.content), /news/);
	folders.write({ 'src/unrelated.ts': '', 'src/realtime/_helper.ts': '' });
	server.watcher.emit('change', place('../unrelated.ts'));
	server.watcher.emit('add', place('_helper.ts'));
	await setTimeout(300);
	assert.equal(reloads, 4);
});

test('counts a file that an import did not find, once it is there', async (context) => {
	const folders = site(context, {
		'chat.ts': "import { size } from '../size.ts';\nexport default size;\n",
	});
	let hasFailed = false;
	let loaded: Promise<unknown> | undefined;
	const reloading = new EventEmitter();
	const load = async (): Promise<unknown> => {
		hasFailed = false;
		try {
			const { files } = await server.ssrLoadModule(FILES_MODULE);
			return files[0].module.default;
		} catch {
			hasFailed = true;
			return undefined;
		}
	};
	const server = await devServer(context, folders, {
		reload: () => {
			loaded = load();
			reloading.emit('end');
		},
		hasFailed: () => hasFailed,
	});
	assert.equal(await load(), undefined);
	folders.write({ 'src/size.ts': 'export const size = 5;\n' });
	server.watcher.emit('add', join(folders.path, 'src/size.ts'));
	await once(reloading, 'end');
	assert.equal(await loaded, 5);
});
