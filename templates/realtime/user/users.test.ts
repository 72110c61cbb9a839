import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualHost, settled } from '../channel/channel.fixture.ts';
import { MemoryUsers } from '../memory/memory-users.ts';
import type { Data } from '../protocol/server-frames.ts';
import { type UserConnection, type UserHooks, Users } from './users.ts';

class Inbox implements UserConnection {
	readonly id: string;
	readonly messages: Data[] = [];

	constructor(id: string) {
		this.id = id;
	}

	inbox(data: Data): void {
		this.messages.push(data);
	}
}

function stage(hooks?: UserHooks): { host: ManualHost; users: Users; told: string[] } {
	const host = new ManualHost();
	const told: string[] = [];
	const recorded: UserHooks = {
		onOnline: (id) => told.push(`${id} came`),
		onOffline: (id) => told.push(`${id} went`),
	};
	const users = new Users({
		host,
		hooks: () => hooks ?? recorded,
		engine: (watcher) => new MemoryUsers(host, watcher),
	});
	return { host, users, told };
}

test('a user is online from the first connection until 5 s after the last was closed', async () => {
	const { host, users, told } = stage();
	const [one, two] = [new Inbox('one'), new Inbox('two')];
	users.add('ada', one);
	users.add('ada', two);
	users.remove('ada', one, true);
	await host.advance(60_000);
	users.remove('ada', two, true);
	await host.advance(4_999);
	assert.deepEqual(told, ['ada came']);
	assert.equal(await users.isOnline('ada'), true);
	await host.advance(1);
	assert.deepEqual(told, ['ada came', 'ada went']);
	assert.equal(await users.isOnline('ada'), false);
});

test('a user stays online for 15 s after a loss', async () => {
	const { host, users, told } = stage();
	const one = new Inbox('one');
	users.add('ada', one);
	users.remove('ada', one, false);
	await host.advance(14_999);
	assert.deepEqual(told, ['ada came']);
	await host.advance(1);
	assert.deepEqual(told, ['ada came', 'ada went']);
});

test('a user who comes back within the grace was never gone', async () => {
	const { host, users, told } = stage();
	const one = new Inbox('one');
	users.add('ada', one);
	users.remove('ada', one, true);
	await host.advance(3000);
	users.add('ada', new Inbox('one'));
	await host.advance(60_000);
	assert.deepEqual(told, ['ada came']);
});

test('a session with another connection is not gone with its first one', async () => {
	const { host, users, told } = stage();
	const first = new Inbox('session');
	users.add('ada', first);
	users.add('ada', new Inbox('session'));
	users.remove('ada', first, true);
	await host.advance(60_000);
	assert.deepEqual(told, ['ada came']);
});

test('a connection is removed once', async () => {
	const { host, users, told } = stage();
	const one = new Inbox('one');
	users.add('ada', one);
	users.remove('ada', one, true);
	users.remove('ada', one, true);
	users.remove('grace', one, true);
	await host.advance(60_000);
	assert.deepEqual(told, ['ada came', 'ada went']);
});

test('a message reaches all connections of a user, and no other', async () => {
	const { users } = stage();
	const inboxes = [new Inbox('one'), new Inbox('two'), new Inbox('three')] as const;
	users.add('ada', inboxes[0]);
	users.add('ada', inboxes[1]);
	users.add('grace', inboxes[2]);
	await users.send('ada', '1');
	await users.send('nobody', '2');
	assert.deepEqual(
		inboxes.map(({ messages }) => messages),
		[['1'], ['1'], []],
	);
});

test('a hook that fails is reported', async () => {
	const { host, users } = stage({
		onOnline: () => {
			throw new Error('oops');
		},
	});
	users.add('ada', new Inbox('one'));
	await settled();
	assert.deepEqual(host.reports, ['`onOnline` of `src/realtime/_middleware` failed: Error: oops']);
});
