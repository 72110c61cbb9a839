import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { siteWith } from '../../realtime/configure/site.fixture.ts';
import { ABSENT, MODULES } from './parts.ts';
import { PART_MODULES, partsPlugin } from './parts-plugin.ts';

const MODULE = 'virtual:astro-cloudflare:realtime-parts';
const IMPORT = "import { defineChannel } from 'zastro:realtime';\n";
const PLAIN = `${IMPORT}export default defineChannel({ authorize: 'anyone' });\n`;
const FOLDER = fileURLToPath(new URL('../../', import.meta.url));

/** The plugin of a site with one channel. */
class Parts {
	readonly #plugin: ReturnType<typeof partsPlugin>;

	constructor(context: TestContext, text: string, isDevelopment = false) {
		this.#plugin = partsPlugin(siteWith(context, { 'chat.ts': text }), 'package', isDevelopment);
	}

	/** What the module of the parts exports. */
	get added(): unknown {
		return this.#call(this.#plugin.load, this.resolve(MODULE));
	}

	resolve(id: string, importer?: string): unknown {
		const { handler } = this.#plugin.resolveId as { handler: unknown };
		return this.#call(handler, id, importer);
	}

	/** Whether another module stands for one of this package. */
	isLeftOut(module: string): boolean {
		const importer = join(FOLDER, 'realtime/server/hub.ts');
		const resolved = this.resolve(`../../${module}.ts`, importer);
		assert.ok(resolved === undefined || resolved === join(FOLDER, `${ABSENT}.ts`));
		return resolved !== undefined;
	}

	#call(hook: unknown, ...given: readonly unknown[]): unknown {
		return (hook as (...given: readonly unknown[]) => unknown).apply(this.#plugin, [...given]);
	}
}

function declared(options: string): string {
	return `${IMPORT}export default defineChannel({ authorize: 'users', ${options} });\n`;
}

test('a Worker has only the parts that its channels use', (context) => {
	assert.equal(new Parts(context, declared('')).added, 'export const parts = {  };\n');
	assert.equal(
		new Parts(context, declared("presence: { of: 'user' }")).added,
		`import { checkPresence } from "package/realtime/presence";\nexport const parts = { checkPresence };\n`,
	);
	assert.equal(
		new Parts(context, 'export default function (message) {}\n').added,
		`import { shortDefinition } from "package/realtime/short-form";\nexport const parts = { shortDefinition };\n`,
	);
});

test('a Worker has all parts in `astro dev`, and where the files do not tell', (context) => {
	const all = /\{ checkPresence, shortDefinition \}/;
	const inDevelopment = new Parts(context, PLAIN, true);
	assert.match(String(inDevelopment.added), all);
	assert.match(
		String(new Parts(context, "export { chat as default } from './chats';\n").added),
		all,
	);
	assert.deepEqual(PART_MODULES, ['realtime/presence', 'realtime/short-form']);
	for (const module of Object.values(MODULES).flat()) {
		assert.equal(inDevelopment.isLeftOut(module), false, module);
	}
});

test('the modules of a part are left out of a Worker that does not use it', (context) => {
	const small = new Parts(context, PLAIN);
	for (const module of Object.values(MODULES).flat()) {
		assert.equal(small.isLeftOut(module), true, module);
	}
	assert.equal(small.isLeftOut('realtime/server/mux'), false);
	// `astro sync` and `astro dev` add a query to the ids of packages.
	const asked = join(FOLDER, 'realtime/server/hub.ts?v=1a2b3c');
	assert.equal(small.resolve('../user/users.ts', asked), join(FOLDER, `${ABSENT}.ts`));
	const large = new Parts(context, declared('messages: {}, history: {}, presence: {}'));
	for (const [part, modules] of Object.entries(MODULES)) {
		const isLeftOut = part === 'explanations' || part === 'users';
		for (const module of modules) assert.equal(large.isLeftOut(module), isLeftOut, module);
	}
});

test('no module of a site is left out', (context) => {
	const small = new Parts(context, PLAIN);
	const elsewhere = join(FOLDER, '../site/realtime/server/hub.ts');
	assert.equal(small.resolve('../user/users.ts', elsewhere), undefined);
	assert.equal(small.resolve('realtime/user/users', join(FOLDER, 'realtime/x.ts')), undefined);
	// It imports some of the modules that it stands for.
	const absent = join(FOLDER, `${ABSENT}.ts`);
	assert.equal(small.resolve('../engine/sql-users.ts', absent), undefined);
});

test('something stands for each export that is left out', async () => {
	const load = (module: string): Promise<object> => import(join(FOLDER, `${module}.ts`));
	const absent = await load(ABSENT);
	for (const module of Object.values(MODULES).flat()) {
		for (const name of Object.keys(await load(module))) {
			assert.ok(name in absent, `${name} of ${module}`);
		}
	}
});
