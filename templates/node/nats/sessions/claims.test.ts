import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualHost, settled } from '../../../realtime/channel/channel.fixture.ts';
import { unanswered, unavailable } from '../../engine/answers.ts';
import type { NewMessage, Stored } from '../connection/store.ts';
import { Claims } from './claims.ts';

/** Claims over what NATS would hold, whose answers can be lost or held back. */
class Stage {
	/** The newest record of a subject. */
	readonly records = new Map<string, Stored>();
	process = 'here';
	/** NATS does what it is asked, but its answers are lost. */
	isDeaf = false;
	/** There is no connection to NATS. */
	isDown = false;
	/** The number of times that NATS was asked for a record. */
	reads = 0;
	/** Writes that wait. */
	held: (() => void)[] | undefined;
	readonly claims: Claims;
	#sequence = 0;

	constructor() {
		const stage = this;
		this.claims = new Claims({
			store: {
				put: (message) => this.#put(message),
				last: async (subject) => {
					this.reads++;
					return this.records.get(subject);
				},
			},
			leases: {
				get process() {
					return stage.process;
				},
				isAlive: () => true,
			},
			host: new ManualHost(),
		});
	}

	claim(message = 1) {
		return this.claims.claim('secret', 'claims.', message);
	}

	get data(): string | undefined {
		return this.records.get('claims.1')?.data.toString();
	}

	release(): void {
		for (const write of this.held ?? []) write();
		this.held = undefined;
	}

	async #put({ subject, data, after }: NewMessage): Promise<number | undefined> {
		if (this.isDown) throw unavailable();
		if (this.held !== undefined) {
			await new Promise<void>((resolve) => this.held?.push(resolve));
		}
		const known = this.records.get(subject)?.sequence ?? 0;
		const isStored = known === after;
		if (isStored) {
			const sequence = ++this.#sequence;
			this.records.set(subject, { subject, sequence, time: '', data: Buffer.from(data) });
		}
		if (this.isDeaf) throw unanswered();
		return isStored ? this.#sequence : undefined;
	}
}

test('a claim whose answer was lost does not start, and is given back', async () => {
	const stage = new Stage();
	stage.isDeaf = true;
	await assert.rejects(stage.claim(), { code: 'SERVICE_UNAVAILABLE' });
	assert.equal(stage.data, 'here');
	stage.isDeaf = false;
	stage.claims.catchUp();
	await settled();
	assert.equal(stage.data, '');
	assert.equal((await stage.claim()).state, 'claimed');
});

test('a claim that is given back while it is claimed again stays', async () => {
	const stage = new Stage();
	stage.isDeaf = true;
	await assert.rejects(stage.claim(), { code: 'SERVICE_UNAVAILABLE' });
	stage.isDeaf = false;
	// The write that gives it back is under way.
	stage.held = [];
	stage.claims.catchUp();
	await settled();
	const held = stage.held;
	stage.held = undefined;
	const claim = await stage.claim();
	for (const write of held) write();
	await settled();
	assert.deepEqual([claim.state, stage.data], ['claimed', 'here']);
	stage.claims.settle('secret', 1, '{}');
	await settled();
	assert.equal(stage.data, '={}');
});

test('a claim whose answer was lost is given back also after the lease of the process ended', async () => {
	for (const isAsked of [true, false]) {
		const stage = new Stage();
		stage.isDeaf = true;
		await assert.rejects(stage.claim(), { code: 'SERVICE_UNAVAILABLE' });
		stage.isDeaf = false;
		stage.process = 'here again';
		if (!isAsked) {
			stage.claims.catchUp();
			await settled();
			assert.equal(stage.data, '');
		}
		assert.equal((await stage.claim()).state, 'claimed');
	}
});

test('claims that were not sent leave nothing to give back', async () => {
	const stage = new Stage();
	stage.isDown = true;
	for (const message of [1, 2, 3]) {
		await assert.rejects(stage.claim(message), { code: 'SERVICE_UNAVAILABLE' });
	}
	stage.isDown = false;
	stage.claims.catchUp();
	await settled();
	assert.equal(stage.reads, 0);
});

test('what an outage left is written in parts, and not twice', async () => {
	const stage = new Stage();
	stage.isDeaf = true;
	const messages = Array.from({ length: 250 }, (_, index) => index);
	await Promise.allSettled(messages.map((message) => stage.claim(message)));
	stage.isDeaf = false;
	stage.held = [];
	stage.claims.catchUp();
	await settled();
	stage.claims.catchUp();
	await settled();
	assert.deepEqual([stage.reads, stage.held.length], [100, 100]);
	stage.release();
	await settled();
	assert.equal(stage.reads, 250);
	assert.ok([...stage.records.values()].every(({ data }) => data.length === 0));
});
