import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Site } from '../../realtime/define/site.ts';
import type * as LastSite from './last-site.ts';

it('gives a module that runs again the site of the run before', async () => {
	const run = async (number: number): Promise<typeof LastSite> =>
		await import(new URL(`./last-site.ts?run=${number}`, import.meta.url).href);
	const [before, after] = [await run(1), await run(2)];
	assert.notEqual(before, after);
	assert.equal(after.lastSite(), undefined);
	const site = {} as Site;
	before.keepSite(site);
	assert.equal(after.lastSite(), site);
});
