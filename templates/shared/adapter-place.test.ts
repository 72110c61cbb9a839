import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AstroConfig, AstroIntegration } from 'astro';
import { takeAdapterPlace } from './adapter-place.ts';

const integration = (name: string): AstroIntegration => ({ name, hooks: {} });
const ours = integration('ours');

/** What Astro hands over, with the adapter among the integrations, and the adapter that comes of it. */
function set(adapter: AstroIntegration | undefined, ...others: AstroIntegration[]): unknown {
	const integrations = adapter === undefined ? others : [adapter, ...others];
	let config = { adapter, integrations } as unknown as AstroConfig;
	takeAdapterPlace(ours, {
		config,
		updateConfig: (change) => {
			config = { ...config, ...change } as AstroConfig;
			return config;
		},
	});
	return config.adapter;
}

test('an integration becomes the adapter', () => {
	assert.equal(set(undefined, integration('sitemap'), ours), ours);
});

test('the adapter stays the adapter', () => {
	assert.equal(set(ours, integration('sitemap')), ours);
});

test('beside another adapter it says which of them has to go', () => {
	assert.throws(() => set(integration('official'), ours), {
		message: 'The site has the adapter "official", and "ours" among its integrations.',
		hint: 'Have `adapter` be that of "ours" in its place, and take it out of `integrations`.',
	});
});

test('it is in a configuration once', () => {
	const twice = { message: 'The configuration has "ours" twice.' };
	assert.throws(() => set(ours, integration('ours')), twice);
	assert.throws(() => set(undefined, ours, integration('ours')), twice);
});
