import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AstroConfig, AstroIntegration } from 'astro';
import { setupOf, takeAdapterPlace } from './adapter-place.ts';

const integration = (name: string): AstroIntegration => ({ name, hooks: {} });

/** The integration of this package, as copied by Astro. */
function own(): AstroIntegration {
	return { name: 'ours', hooks: { 'astro:config:setup': setupOf('ours', () => {}) } };
}

/**
 * Runs the function on a configuration as Astro passes it, with the adapter among the integrations.
 * Returns the resulting adapter.
 */
function adapterOf(adapter: AstroIntegration | undefined, ...others: AstroIntegration[]): unknown {
	const integrations = adapter === undefined ? others : [adapter, ...others];
	let config = { adapter, integrations } as unknown as AstroConfig;
	takeAdapterPlace('ours', 'official', {
		config,
		updateConfig: (change) => {
			config = { ...config, ...change } as AstroConfig;
			return config;
		},
	});
	return config.adapter;
}

test('an integration becomes the adapter', () => {
	const ours = own();
	assert.equal(adapterOf(undefined, integration('sitemap'), ours), ours);
});

test('an adapter stays the adapter', () => {
	const ours = own();
	assert.equal(adapterOf(ours, integration('sitemap')), ours);
});

test('other integrations see the name of the official adapter', () => {
	const [adapter, among] = [own(), own()];
	adapterOf(adapter);
	adapterOf(undefined, integration('sitemap'), among);
	assert.deepEqual([adapter.name, among.name], ['official', 'official']);
});

test('reusing a configuration changes nothing', () => {
	const ours = own();
	for (let time = 0; time < 2; time++) assert.equal(adapterOf(ours), ours);
});

test('a second adapter is an error with advice', () => {
	assert.throws(() => adapterOf(integration('official'), own()), {
		message: 'The site has the adapter "official", but lists "ours" in `integrations`.',
		hint: 'Set `adapter` to that of "ours" instead, and remove it from `integrations`.',
	});
});

test('a duplicate in a configuration is an error', () => {
	const twice = { message: 'The configuration has "ours" twice.' };
	assert.throws(() => adapterOf(own(), own()), twice);
	assert.throws(() => adapterOf(undefined, own(), own()), twice);
	// The name is enough, for example if the hooks are wrapped.
	assert.throws(() => adapterOf(own(), integration('ours')), twice);
});

test('a configuration may lack integrations', () => {
	takeAdapterPlace('ours', 'official', { config: {}, updateConfig: () => assert.fail() });
});
