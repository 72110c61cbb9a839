import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Keys } from './keys.ts';

const keys = new Keys('site');

/** What a Cluster hashes of a key. */
function slotOf(key: string): string | undefined {
	return /\{([^}]+)\}/.exec(key)?.[1];
}

test('the keys of a channel lie together, also the root that it shares with others', () => {
	const { subject, ...names } = keys.channel('rooms/lobby');
	const all = [...Object.values(names), keys.id(names as never, 'order 1')];
	assert.equal(new Set(all.map(slotOf)).size, 1);
	assert.match(all[0] ?? '', /^\{site:\d{1,3}\}:c:[\w-]{22}:head$/);
	assert.match(subject, /^site@0:c:[\w-]{22}$/);
});

test('the keys of a session lie together with the sessions of its user', () => {
	const one = keys.session('secret', 'ada');
	const other = keys.session('another', 'ada');
	assert.equal(slotOf(one.session), slotOf(one.ofUser ?? ''));
	assert.equal(slotOf(one.session), slotOf(other.session));
	assert.equal(one.session, one.prefix + one.name);
});

test('a session of a user is no session of another one, or of a visitor', () => {
	const of = [keys.session('x', 'ada'), keys.session('x', 'grace'), keys.session('x', undefined)];
	assert.equal(new Set(of.map(({ session }) => session)).size, 3);
});

test('no key holds a secret', () => {
	const { session, name } = keys.session('the-secret-of-a-session', undefined);
	assert.doesNotMatch(session + name, /the-secret/);
});

test('sites and databases have their own names', () => {
	const others = [new Keys('other'), new Keys('site')];
	for (const one of others.slice(1)) one.database = 1;
	const subjects = [keys, ...others].map((one) => one.channel('rooms/lobby').subject);
	assert.equal(new Set(subjects).size, 3);
	assert.notEqual(keys.channel('a').head, others[0]?.channel('a').head);
});

test('channels have their own names, also after many others', () => {
	const before = keys.channel('rooms/lobby');
	const heads = new Set<string>();
	for (let index = 0; index < 5000; index++) heads.add(keys.channel(`rooms/${index}`).head);
	assert.equal(heads.size, 5000);
	assert.deepEqual(keys.channel('rooms/lobby'), before);
});
