import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declared, siteOf } from './define.fixture.ts';

const channel = declared({ authorize: 'users' });
const site = siteOf({
	'rooms/index.ts': channel,
	'rooms/[room].ts': channel,
	'rooms/lobby.ts': channel,
	'teams/[team]/rooms/[room].ts': channel,
	'teams/[team]/rooms/main.ts': channel,
	'teams/red/rooms/[room].ts': channel,
	'_middleware.ts': { authenticate: () => 'ada', onOnline() {} },
});

test('finds a channel by its name and the names of its parameters', () => {
	assert.equal(site.find('rooms', [])?.file, 'rooms');
	assert.equal(site.find('rooms', ['room'])?.file, 'rooms/[room]');
	const both = site.find('teams/rooms', ['room', 'team']);
	assert.equal(both?.file, 'teams/[team]/rooms/[room]');
	for (const [name, params] of [
		['rooms', ['team']],
		['rooms', ['room', 'team']],
		['teams/rooms', ['room']],
		['rooms/[room]', ['room']],
		['constructor', []],
		['', []],
	] as const) {
		assert.equal(site.find(name, params), undefined, name);
	}
});

test('matches a path, a name before a parameter', () => {
	const match = (path: string) => {
		const found = site.match(path.split('/'));
		return found === undefined ? undefined : [found.definition.file, found.params];
	};
	assert.deepEqual(match('rooms'), ['rooms', {}]);
	assert.deepEqual(match('rooms/lobby'), ['rooms/lobby', {}]);
	assert.deepEqual(match('rooms/kitchen'), ['rooms/[room]', { room: 'kitchen' }]);
	assert.deepEqual(match('rooms/a b%2F'), ['rooms/[room]', { room: 'a b%2F' }]);
	assert.deepEqual(match('rooms/__proto__'), ['rooms/[room]', { room: '__proto__' }]);
	assert.deepEqual(match('teams/red/rooms/main'), ['teams/red/rooms/[room]', { room: 'main' }]);
	assert.deepEqual(match('teams/blue/rooms/main'), ['teams/[team]/rooms/main', { team: 'blue' }]);
	assert.equal(match('rooms/[room]')?.[0], 'rooms/[room]');
	for (const path of ['', 'room', 'rooms/', 'rooms/.', 'rooms/..', 'rooms/a/b', 'rooms/\ud800']) {
		assert.equal(match(path), undefined, path);
	}
	assert.equal(match(`rooms/${'x'.repeat(257)}`), undefined);
});

test('takes the hooks on users from the root alone', () => {
	assert.equal(site.authenticate?.({}), 'ada');
	assert.equal(typeof site.onOnline, 'function');
	assert.equal(site.onOffline, undefined);
	assert.equal(siteOf({ 'chat.ts': channel }).authenticate, undefined);
});
