import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onRequest } from './session-middleware.ts';

class Session {
	readonly #data = new Map<string, string>();

	get(key: string): string | undefined {
		return this.#data.get(key);
	}

	set(key: string, value: string): void {
		this.#data.set(key, value);
	}
}

const accepted = { status: 101 } as Response;

async function run(isUpgradeRequest: boolean, response: Response): Promise<Session> {
	const session = new Session();
	await onRequest({ session, locals: { isUpgradeRequest } }, () => {
		session.set('user', 'ada');
		return response;
	});
	return session;
}

test('the session of an accepted handshake rejects changes, and can still be read', async () => {
	const session = await run(true, accepted);
	assert.throws(() => session.set('user', 'bob'), /^Error: The session was saved/);
	assert.throws(() => Reflect.get(session, 'destroy')(), /^Error: The session was saved/);
	assert.equal(session.get('user'), 'ada');
});

test('the sessions of other requests accept changes', async () => {
	for (const session of [await run(true, new Response()), await run(false, new Response())]) {
		session.set('user', 'bob');
		assert.equal(session.get('user'), 'bob');
	}
});

test('a site without sessions passes the response on', async () => {
	const locals = { isUpgradeRequest: true };
	assert.equal(await onRequest({ locals }, () => accepted), accepted);
});
