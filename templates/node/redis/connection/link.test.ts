import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { ManualHost, settled } from '../../../realtime/channel/channel.fixture.ts';
import { DEADLINE, FIRST_RETRY } from '../../engine/limits.ts';
import type { RedisClient } from './client.ts';
import { EngineError } from './errors.ts';
import { Link } from './link.ts';

/** A client that connects when the test says so. */
class Connection extends EventEmitter {
	isDisconnected = false;
	#settle: { resolve: () => void; reject: (error: Error) => void } | undefined;

	connect(): Promise<void> {
		return new Promise((resolve, reject) => {
			this.#settle = { resolve, reject };
		});
	}

	disconnect(): void {
		this.isDisconnected = true;
	}

	async up(): Promise<void> {
		this.#settle?.resolve();
		await settled();
	}

	async fail(message: string): Promise<void> {
		this.emit('error', new Error(message));
		this.emit('end');
		this.#settle?.reject(new Error('Connection is closed.'));
		await settled();
	}
}

function stage() {
	const host = new ManualHost();
	const opened: Connection[] = [];
	const told: string[] = [];
	let prepare = async (): Promise<void> => {};
	const link = new Link({
		open: () => {
			const connection = new Connection();
			opened.push(connection);
			return connection as object as RedisClient;
		},
		prepare: () => prepare(),
		onUp: () => told.push('up'),
		onDown: ({ message }) => told.push(message.split('\n')[0] ?? ''),
		random: () => 1,
		after: (time, callback) => host.alarm(time, callback),
	});
	return {
		host,
		opened,
		told,
		link,
		last: () => opened.at(-1) ?? new Connection(),
		prepareWith: (next: typeof prepare) => {
			prepare = next;
		},
	};
}

test('a connection that ends is made anew, by a new client', async () => {
	const { host, opened, told, link, last } = stage();
	link.start();
	link.start();
	assert.equal(link.client, undefined);
	await last().up();
	assert.equal(link.client, last());
	await last().fail('read ECONNRESET');
	assert.equal(link.client, undefined);
	assert.equal(opened[0]?.isDisconnected, true);
	await host.advance(FIRST_RETRY);
	await last().up();
	assert.equal(opened.length, 2);
	assert.deepEqual(told, ['up', 'read ECONNRESET', 'up']);
	// The first one has nothing to say any more.
	opened[0]?.emit('end');
	assert.equal(link.client, last());
});

test('a connection without an answer is given up', async () => {
	const { host, opened, told, link } = stage();
	link.start();
	await host.advance(DEADLINE + FIRST_RETRY);
	assert.equal(opened[0]?.isDisconnected, true);
	assert.equal(opened.length, 2);
	assert.deepEqual(told, ['There was no answer within 5 s.']);
});

test('a server that fails its check is told as the check says', async () => {
	const { opened, told, link, last, prepareWith } = stage();
	prepareWith(async () => {
		last().emit('error', new Error('another error'));
		throw new EngineError('REDIS_VERSION', 'It is too old.', 'Update it.');
	});
	link.start();
	await last().up();
	assert.deepEqual(told, ['It is too old.']);
	assert.equal(opened[0]?.isDisconnected, true);
	assert.equal(link.client, undefined);
});

test('a link that was dropped comes back, and one that was closed does not', async () => {
	const { host, opened, told, link, last } = stage();
	link.start();
	await last().up();
	link.drop(new Error('silence'));
	assert.equal(opened[0]?.isDisconnected, true);
	await host.advance(FIRST_RETRY);
	await last().up();
	link.close();
	assert.equal(last().isDisconnected, true);
	last().emit('end');
	link.start();
	await host.advance(60_000);
	assert.equal(opened.length, 2);
	assert.deepEqual(told, ['up', 'silence', 'up']);
});
