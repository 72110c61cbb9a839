import assert from 'node:assert/strict';
import { test } from 'node:test';
import { devModulesPlugin, forgetModules, undoneInDev } from './dev-modules.ts';

/** The hooks used here. */
interface Called {
	configureServer(): void;
	transform(code: string, id: string, options: { ssr: boolean }): { code: string } | undefined;
}

const plugin = devModulesPlugin() as unknown as Called;

/** A function that runs a module as transformed by the plugin. */
function moduleOf(file: string, code: string): (register: () => void) => Promise<void> {
	const whole = plugin.transform(code, file, { ssr: true })?.code;
	return async (register) => {
		await new Function('register', `return (async () => {${whole}})()`)(register);
	};
}

const undone: string[] = [];
const registers = (what: string) => (): void => undoneInDev(() => undone.push(what));

plugin.configureServer();

test('the registrations of a module are undone when it runs again', async () => {
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

test('registrations outside of the top level are kept', async () => {
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

test('modules of packages and of the browser are not transformed', () => {
	for (const [file, ssr] of [
		['/site/node_modules/a/index.js', true],
		['/site/src/style.css', true],
		['/site/src/browser.ts', false],
	] as const) {
		assert.equal(plugin.transform('', file, { ssr }), undefined);
	}
});
