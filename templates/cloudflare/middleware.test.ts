import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withOrdinaryLocals } from './middleware.ts';

function run(locals: object): object {
	const middleware = withOrdinaryLocals((context: { locals: object }, _: never) => context.locals);
	return middleware({ locals }, undefined as never);
}

test('a request without locals gets those of an ordinary one', () => {
	const locals = run({ own: true });
	assert.equal(Reflect.get(locals, 'isUpgradeRequest'), false);
	assert.equal(Reflect.get(locals, 'own'), true);
	assert.throws(() => Reflect.get(locals, 'upgradeWebSocket')(), /must be an upgrade request/);
});

test('the locals of a handshake stay', () => {
	assert.deepEqual(run({ isUpgradeRequest: true }), { isUpgradeRequest: true });
});
