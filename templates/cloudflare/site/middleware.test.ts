import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SiteContext } from '../../locals/prerendered.ts';
import { withOrdinaryLocals } from './middleware.ts';

test('locals are filled before the middleware runs', () => {
	const middleware = withOrdinaryLocals((context: SiteContext, _: never) => context.locals);
	const request = new Request('http://localhost/chat');
	const context = { request, url: new URL(request.url), locals: { own: true } };
	const locals = middleware({ ...context, isPrerendered: false }, undefined as never);
	assert.equal(Reflect.get(locals, 'own'), true);
	assert.equal(locals.isUpgradeRequest, false);
});
