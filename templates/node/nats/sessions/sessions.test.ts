import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualHost } from '../../../realtime/channel/channel.fixture.ts';
import { unanswered } from '../../engine/answers.ts';
import { Names } from '../connection/names.ts';
import type { NewMessage, Stored } from '../connection/store.ts';
import { Sessions } from './sessions.ts';

/** The sessions of two processes over what NATS would hold, whose answers can be lost. */
class Stage {
	readonly records = new Map<string, Stored>();
	/** The seconds that the newest record has to live. */
	lifetime: number | undefined;
	isDeaf = false;
	/** What the next writes wait for on their way. */
	arrival: Promise<void> | undefined;
	readonly here = this.#sessions('here');
	readonly there = this.#sessions('there');

	get isSuspended(): boolean {
		const [record] = this.records.values();
		return JSON.parse(String(record?.data)).isSuspended;
	}

	#sessions(process: string): Sessions {
		return new Sessions({
			requests: { tell: () => {} },
			store: {
				put: (message) => this.#put(message),
				last: async (subject) => this.records.get(subject),
				async *from() {},
			},
			names: new Names('site'),
			leases: { process, isAlive: () => true },
			host: new ManualHost(),
			life: () => 'life',
		});
	}

	async #put({ subject, data, after, lifetime }: NewMessage): Promise<number | undefined> {
		await this.arrival;
		const known = this.records.get(subject)?.sequence ?? 0;
		if (after !== undefined && after !== known) return undefined;
		const sequence = known + 1;
		this.records.set(subject, { subject, sequence, time: '', data: Buffer.from(data) });
		this.lifetime = lifetime;
		if (this.isDeaf) throw unanswered();
		return sequence;
	}
}

test('a session whose prolongation got no answer is prolonged again, and suspended', async () => {
	const stage = new Stage();
	const { secret } = await stage.here.open(undefined);
	stage.isDeaf = true;
	await assert.rejects(stage.here.prolong(), { code: 'TIMEOUT' });
	stage.isDeaf = false;
	stage.lifetime = undefined;
	await stage.here.prolong();
	assert.equal(stage.lifetime, 1800);
	stage.isDeaf = true;
	await assert.rejects(stage.here.prolong(), { code: 'TIMEOUT' });
	stage.isDeaf = false;
	await stage.here.suspend(secret);
	assert.deepEqual([stage.isSuspended, stage.lifetime], [true, 120]);
});

test('a session that ends while it is prolonged is suspended', async () => {
	const stage = new Stage();
	const { secret } = await stage.here.open(undefined);
	const { promise, resolve } = Promise.withResolvers<void>();
	stage.arrival = promise;
	const prolonged = stage.here.prolong();
	stage.arrival = undefined;
	await stage.here.suspend(secret);
	resolve();
	await prolonged;
	assert.deepEqual([stage.isSuspended, stage.lifetime], [true, 120]);
});

test('a session that another connection continues is not suspended by the first one', async () => {
	const stage = new Stage();
	const { secret } = await stage.here.open(undefined);
	await stage.there.resume(secret, undefined);
	await stage.here.suspend(secret);
	assert.equal(stage.isSuspended, false);
	await stage.here.resume(secret, undefined);
	await stage.there.prolong();
	await stage.there.suspend(secret);
	assert.equal(stage.isSuspended, false);
});
