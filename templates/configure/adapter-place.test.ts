import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AstroConfig, AstroIntegration } from 'astro';
import { setupOf, takeAdapterPlace } from './adapter-place.ts';

const integration = (name: string): AstroIntegration => ({ name, hooks: {} });

/** This package's, as Astro copies it. */
function own(): AstroIntegration {
	return { name: 'ours', hooks: { 'astro:config:setup': setupOf('ours', () => {}) } };
}

/** What Astro hands over, with the adapter among the integrations, and the adapter that comes of it. */
function set(adapter: AstroIntegration | undefined, ...others: AstroIntegration[]): unknown {
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
	assert.equal(set(undefined, integration('sitemap'), ours), ours);
});

test('the adapter stays the adapter', () => {
	const ours = own();
	assert.equal(set(ours, integration('sitemap')), ours);
});

test('other integrations find it by the name of the official adapter', () => {
	const [adapter, among] = [own(), own()];
	set(adapter);
	set(undefined, integration('sitemap'), among);
	assert.deepEqual([adapter.name, among.name], ['official', 'official']);
});

test('a configuration that is used again is the same', () => {
	const ours = own();
	for (let time = 0; time < 2; time++) assert.equal(set(ours), ours);
});

test('beside another adapter it says which of them has to go', () => {
	assert.throws(() => set(integration('official'), own()), {
		message: 'The site has the adapter "official", and "ours" among its integrations.',
		hint: 'Have `adapter` be that of "ours" in its place, and take it out of `integrations`.',
	});
});

test('it is in a configuration once', () => {
	const twice = { message: 'The configuration has "ours" twice.' };
	assert.throws(() => set(own(), own()), twice);
	assert.throws(() => set(undefined, own(), own()), twice);
	// The name alone tells, where its hooks were wrapped.
	assert.throws(() => set(own(), integration('ours')), twice);
});

test('a configuration without integrations will do', () => {
	takeAdapterPlace('ours', 'official', { config: {}, updateConfig: () => assert.fail() });
});
