import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Names } from '../connection/names.ts';
import type { Stored } from '../connection/store.ts';
import { Channels } from './channels.ts';
import { emptyHead } from './record.ts';

/** Channels over what NATS would answer. */
class Stage {
	interruptions = 0;
	/** The sequences of the newest record and of the newest change of presence. */
	newest: readonly [record: number, change: number] = [0, 0];
	readonly channels: Channels;

	constructor() {
		const last = (index: 0 | 1) => async (): Promise<Stored> => ({
			subject: '',
			sequence: this.newest[index],
			time: '',
			data: Buffer.alloc(0),
		});
		this.channels = new Channels({
			logStore: { last: last(0) },
			stateStore: { last: last(1) },
			subjects: { listen: async () => () => {} },
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
		this.channels.hasReadPresence('lobby', change);
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
