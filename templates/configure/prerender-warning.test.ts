import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { AstroIntegration } from 'astro';
import { withPrerenderWarning } from './prerender-warning.ts';

/** What a build says of a route with this source. */
async function warningsOf(
	context: TestContext,
	source: string,
	isPrerendered = true,
): Promise<string[]> {
	const folder = mkdtempSync(join(tmpdir(), 'prerender-warning-'));
	context.after(() => rmSync(folder, { recursive: true }));
	writeFileSync(join(folder, 'page.astro'), source);
	const warned: string[] = [];
	const { hooks } = withPrerenderWarning({ name: 'adapter', hooks: {} });
	const call = (name: keyof AstroIntegration['hooks'], parameters: object) =>
		(hooks[name] as (parameters: object) => unknown)(parameters);
	await call('astro:config:done', { config: { root: pathToFileURL(`${folder}/`) } });
	const route = { pattern: '/page', entrypoint: 'page.astro', isPrerendered };
	await call('astro:routes:resolved', { routes: [route] });
	const logger = { warn: (message: string) => warned.push(message) };
	await call('astro:build:done', { logger });
	return warned;
}

test('a build warns of a prerendered route that uses channels', async (context) => {
	for (const source of [
		"import { channels } from 'zastro:realtime';",
		'import {\n\tRealtimeError,\n\tsocket as users,\n} from "zastro:realtime";',
	]) {
		const [warning = '', ...others] = await warningsOf(context, source);
		assert.match(
			warning,
			/^The route "\/page" is prerendered.*`prerender = false` from page\.astro/,
		);
		assert.deepEqual(others, []);
		assert.deepEqual(await warningsOf(context, source, false), []);
	}
});

test('it does not warn of what such a route may have', async (context) => {
	for (const source of [
		"import { channels } from 'zastro:realtime/client';",
		"import { RealtimeError } from 'zastro:realtime';",
		"import type { User } from 'zastro:realtime';",
	]) {
		assert.deepEqual(await warningsOf(context, source), []);
	}
});
