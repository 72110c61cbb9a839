import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { enginePlugin } from './realtime-engine.ts';

/** The text of the module for a project with these packages. */
function moduleOf(
	context: TestContext,
	{
		packages = [],
		name,
		...init
	}: {
		packages?: readonly string[];
		name?: string;
		engine?: 'memory' | 'redis' | 'nats';
		prefix?: string;
		hooksFile?: string;
		isDevelopment?: boolean;
	},
): string {
	const folder = mkdtempSync(join(tmpdir(), 'realtime-engine-'));
	context.after(() => rmSync(folder, { recursive: true }));
	if (name !== undefined) writeFileSync(join(folder, 'package.json'), JSON.stringify({ name }));
	for (const installed of packages) {
		mkdirSync(join(folder, 'node_modules', installed), { recursive: true });
		writeFileSync(join(folder, 'node_modules', installed, 'index.js'), '');
	}
	const { resolveId, load } = enginePlugin({
		options: { engine: init.engine ?? 'redis', prefix: init.prefix },
		root: pathToFileURL(`${folder}/`),
		hooksFile: init.hooksFile ?? null,
		packageName: 'package',
		isDevelopment: init.isDevelopment ?? false,
	}) as object as {
		resolveId(id: string): string | undefined;
		load(id: string): string | undefined;
	};
	assert.equal(resolveId('virtual:another'), undefined);
	const id = resolveId('virtual:astro-websocket:realtime-engine');
	return load(id ?? '') ?? '';
}

function settingsOf(text: string): unknown {
	return JSON.parse(/\.\.\.(\{.*\}), load/.exec(text)?.[1] ?? 'null');
}

test('the engine in memory brings nothing of Redis', (context) => {
	assert.equal(
		moduleOf(context, { engine: 'memory', packages: ['ioredis'], name: 'chat' }),
		'export { createEngine } from "package/realtime/memory-engine";\n',
	);
});

test('the engine on Redis uses the client that is installed', (context) => {
	for (const [packages, client] of [
		[['ioredis'], 'ioredis'],
		[['iovalkey'], 'iovalkey'],
		[['iovalkey', 'ioredis'], 'ioredis'],
	] as const) {
		const text = moduleOf(context, { packages, name: 'chat' });
		assert.match(text, new RegExp(`import\\("${client}"\\)`));
		assert.deepEqual(settingsOf(text), { site: 'chat', prefix: 'chat', client });
	}
});

test('a missing client is an error with the command that installs it', (context) => {
	assert.throws(() => moduleOf(context, { name: 'chat' }), {
		message: /needs the package `ioredis` or `iovalkey`/,
		hint: 'Run `npm install ioredis`',
	});
});

test('the engine on NATS uses its client, and brings nothing of Redis', (context) => {
	const client = '@nats-io/transport-node';
	const text = moduleOf(context, { engine: 'nats', packages: [client, 'ioredis'], name: 'chat' });
	assert.match(text, /import \{ createNatsEngine \} from "package\/realtime\/nats-engine"/);
	assert.match(text, /import\("@nats-io\/transport-node"\)/);
	assert.doesNotMatch(text, /redis/i);
	assert.deepEqual(settingsOf(text), { site: 'chat', prefix: 'chat', client });
	assert.throws(() => moduleOf(context, { engine: 'nats', packages: ['ioredis'] }), {
		message: /needs the package `@nats-io\/transport-node`, and it is not installed/,
		hint: 'Run `npm install @nats-io/transport-node`',
	});
});

test('the prefix is of the site, and another one in `astro dev`', (context) => {
	const packages = ['ioredis'];
	const prefixOf = (init: Parameters<typeof moduleOf>[1]): unknown =>
		(settingsOf(moduleOf(context, { packages, ...init })) as { prefix: string }).prefix;
	assert.equal(prefixOf({ name: '@team/chat {1}' }), 'team-chat-1-');
	assert.equal(prefixOf({ name: 'chat', isDevelopment: true }), 'chat-dev');
	assert.equal(prefixOf({ name: 'chat', prefix: 'own', isDevelopment: true }), 'own');
	assert.equal(prefixOf({ name: 'x'.repeat(100), isDevelopment: true }), `${'x'.repeat(60)}-dev`);
	assert.match(String(prefixOf({})), /^realtime-engine-/);
});

test('the hooks file may give a client', (context) => {
	const text = moduleOf(context, { packages: ['ioredis'], hooksFile: '/a "b".ts' });
	assert.match(text, /^import \* as hooks from "\/a \\"b\\".ts";$/m);
});
