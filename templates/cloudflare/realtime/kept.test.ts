import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Site } from '../../realtime/define/site.ts';
import type * as Kept from './kept.ts';

it('gives a module that runs again what the run before has kept', async () => {
	const run = async (number: number): Promise<typeof Kept> =>
		await import(new URL(`./kept.ts?run=${number}`, import.meta.url).href);
	const [before, after] = [await run(1), await run(2)];
	assert.notEqual(before, after);
	assert.equal(after.kept().site, undefined);
	const site = {} as Site;
	before.kept().site = site;
	assert.equal(after.kept().site, site);
});
