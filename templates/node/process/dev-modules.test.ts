import assert from 'node:assert/strict';
import { test } from 'node:test';
import { devModulesPlugin, forgetModules, undoneInDev } from './dev-modules.ts';

/** The hooks that are called here. */
interface Called {
	configureServer(): void;
	transform(code: string, id: string, options: { ssr: boolean }): { code: string } | undefined;
}

const plugin = devModulesPlugin() as unknown as Called;

/** What the plugin makes of a module, as a function that runs it. */
function moduleOf(file: string, code: string): (register: () => void) => Promise<void> {
	const whole = plugin.transform(code, file, { ssr: true })?.code;
	return async (register) => {
		await new Function('register', `return (async () => {${whole}})()`)(register);
	};
}

const undone: string[] = [];
const registers = (what: string) => (): void => undoneInDev(() => undone.push(what));

plugin.configureServer();

test('what a module has registered is undone when it runs anew', async () => {
	const run = moduleOf('/site/src/websocket.ts', 'await null; register();');
	const other = moduleOf('/site/src/other.ts', 'register();');
	await run(registers('first'));
	await other(registers('other'));
	assert.deepEqual(undone.splice(0), []);
	await run(registers('second'));
	assert.deepEqual(undone.splice(0), ['first']);
	forgetModules('/site/src');
	assert.deepEqual(undone.splice(0).sort(), ['other', 'second']);
});

test('what is registered at any other time stays', async () => {
	const run = moduleOf('/site/src/late.ts', 'setImmediate(register);');
	await new Promise<void>((resolve) => {
		run(() => {
			registers('late')();
			resolve();
		});
	});
	registers('outside')();
	await run(() => {});
	assert.deepEqual(undone, []);
});

test('modules of packages and those of the browser are left alone', () => {
	for (const [file, ssr] of [
		['/site/node_modules/a/index.js', true],
		['/site/src/style.css', true],
		['/site/src/browser.ts', false],
	] as const) {
		assert.equal(plugin.transform('', file, { ssr }), undefined);
	}
});
