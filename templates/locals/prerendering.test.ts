import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { onRequest } from './locals-middleware.ts';
import type { SiteContext } from './prerendered.ts';
import { notPrerendered, prerender } from './prerendering.ts';

const url = new URL('http://localhost/rooms/lobby');
const page: SiteContext = {
	url,
	request: new Request(url),
	locals: {},
	routePattern: '/rooms/[room]',
};

test('a site without channels renders a prerendered page', () => {
	assert.equal(
		prerender('/', () => 'rendered'),
		'rendered',
	);
});

test('the channels of a prerendered page are an error with the next step', async () => {
	const site = notPrerendered(
		() => 'the channels',
		() => new AsyncLocalStorage(),
	);
	const render = async () => {
		await Promise.resolve();
		return site();
	};
	await assert.rejects(onRequest({ ...page, isPrerendered: true }, render), {
		message:
			/^The route "\/rooms\/\[room\]" is prerendered.* Export `prerender = false` from its file/,
	});
	assert.equal(await onRequest({ ...page, isPrerendered: false }, render), 'the channels');
});

test('a request of which Astro does not say that it is prerendered gets the channels', () => {
	const site = notPrerendered(
		() => 'the channels',
		() => new AsyncLocalStorage(),
	);
	assert.equal(onRequest(page, site), 'the channels');
});

test('an edit in dev does not bring the channels back', () => {
	const create = () => new AsyncLocalStorage<string>();
	const before = notPrerendered(() => 'before', create);
	const after = notPrerendered(() => 'after', create);
	for (const site of [before, after])
		assert.throws(() => prerender('/', site), /"\/" is prerendered/);
});
