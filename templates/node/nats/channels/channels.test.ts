import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NatsMessage } from '../connection/client.ts';
import { Names } from '../connection/names.ts';
import type { Stored } from '../connection/store.ts';
import { Channels } from './channels.ts';
import { writeMember } from './member.ts';
import { emptyHead } from './record.ts';

/** Channels over what NATS would answer. */
class Stage {
	interruptions = 0;
	/** The sequences of the newest record and of the newest change of presence. */
	newest: readonly [record: number, change: number] = [0, 0];
	readonly channels: Channels;
	/** The newest one: that of presence. */
	#listener: (message: NatsMessage) => void = () => {};

	constructor() {
		const stage = this;
		const storedAt = (sequence: number): Stored => ({
			subject: '',
			sequence,
			time: '',
			data: Buffer.alloc(0),
		});
		this.channels = new Channels({
			logStore: { last: async () => storedAt(this.newest[0]) },
			stateStore: {
				async *from(_subject, first) {
					for (let sequence = first; sequence <= stage.newest[1]; sequence++) {
						yield storedAt(sequence);
					}
				},
			},
			subjects: {
				listen: async (_name, listener) => {
					this.#listener = listener;
					return () => {};
				},
			},
			heads: undefined as never,
			names: new Names('site'),
			report: () => {},
		});
	}

	async watch(): Promise<void> {
		const watcher = {
			entry: () => {},
			cast: () => {},
			entered: () => {},
			departed: () => {},
			interrupted: () => {
				this.interruptions++;
			},
		};
		await this.channels.watchLog('lobby', watcher);
		await this.channels.watchRoster('lobby', watcher);
	}

	read(record: number, change: number): void {
		this.channels.hasRead('lobby', { ...emptyHead('e'), sequence: record });
		this.channels.hasReadPresence('lobby', [{ sequence: change, process: 'one', number: 1 }]);
	}

	/** A change of presence arrives. */
	arrives(sequence: number, process: string, number: number): void {
		const headers = new Map([
			['Nats-Sequence', String(sequence)],
			['Nats-Subject', ''],
			['Nats-Time-Stamp', ''],
		]);
		const entry = { id: 'a', member: { id: 'a', data: 1, since: 1 } };
		const data = Buffer.from(writeMember({ id: 'a', process, number, entry }));
		this.#listener({ data, headers } as object as NatsMessage);
	}
}

test('what somebody else reads hides nothing that the watchers missed, and is told once', async () => {
	const stage = new Stage();
	await stage.watch();
	stage.read(5, 7);
	stage.read(6, 8);
	stage.newest = [6, 8];
	await stage.channels.check();
	assert.equal(stage.interruptions, 2);
	await stage.channels.check();
	assert.equal(stage.interruptions, 2);
});

test('after a cut presence is read again, unless members enter again first', async () => {
	const stage = new Stage();
	await stage.watch();
	stage.channels.reconnected();
	assert.equal(stage.interruptions, 1);
	stage.channels.recover();
	stage.channels.reconnected();
	assert.equal(stage.interruptions, 1);
	stage.channels.recovered();
	assert.equal(stage.interruptions, 2);
});

test('a lost change of presence is noticed with the next one of its process', async () => {
	const stage = new Stage();
	await stage.watch();
	stage.arrives(6, 'two', 4);
	stage.read(1, 7);
	// It was read before it arrived.
	stage.arrives(7, 'one', 1);
	stage.arrives(8, 'one', 2);
	stage.arrives(9, 'two', 5);
	assert.equal(stage.interruptions, 0);
	stage.arrives(11, 'one', 4);
	assert.equal(stage.interruptions, 1);
	stage.arrives(12, 'one', 5);
	assert.equal(stage.interruptions, 1);
	// The first one of a process is lost.
	stage.arrives(14, 'three', 2);
	assert.equal(stage.interruptions, 2);
});

test('a lost change of presence is not hidden by a later one of another process', async () => {
	const stage = new Stage();
	await stage.watch();
	stage.read(5, 7);
	stage.arrives(9, 'two', 1);
	stage.newest = [5, 9];
	await stage.channels.check();
	assert.equal(stage.interruptions, 1);
	await stage.channels.check();
	assert.equal(stage.interruptions, 1);
	stage.arrives(10, 'two', 2);
	stage.newest = [5, 10];
	await stage.channels.check();
	assert.equal(stage.interruptions, 1);
});
