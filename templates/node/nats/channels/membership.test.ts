import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualHost, settled } from '../../../realtime/channel/channel.fixture.ts';
import { unavailable } from '../../engine/answers.ts';
import { WRITTEN_AT_ONCE } from '../../engine/limits.ts';
import type { Removal } from '../../engine/shared-membership.ts';
import { Names } from '../connection/names.ts';
import type { Leases } from '../sessions/leases.ts';
import { type GroupKind, Membership } from './membership.ts';

/** The members of a process, over groups that refuse what a test says. */
class Stage implements GroupKind {
	readonly host = new ManualHost();
	readonly asked: string[] = [];
	isFull = false;
	/** What the next answers wait for. */
	answers: Promise<void> = Promise.resolve();
	readonly membership: Membership = new Membership({
		store: { put: async () => 1, async *from() {} },
		leases: { process: 'here' } as Leases,
		names: new Names('site'),
		host: this.host,
		kinds: { c: this },
	});

	async enter(_group: string, { id }: { readonly id: string }): Promise<boolean> {
		await this.#ask(`enter ${id}`);
		return false;
	}

	async depart(_group: string, { id }: { readonly id: string }): Promise<Removal> {
		await this.#ask(`depart ${id}`);
		return { isLast: false, wasFirst: false };
	}

	async reap(): Promise<boolean> {
		return false;
	}

	async #ask(what: string): Promise<void> {
		this.asked.push(what);
		await this.answers;
		if (this.isFull) throw unavailable('The realtime engine is overloaded.');
	}
}

test('what NATS refused is done later, and nothing else', async () => {
	const stage = new Stage();
	const { membership, asked } = stage;
	await membership.enter('clobby', 'stays', '1');
	await membership.enter('clobby', 'leaves', '1');
	stage.isFull = true;
	membership.depart('clobby', 'leaves', 0);
	await assert.rejects(membership.enter('clobby', 'comes', '1'), { message: /overloaded/ });
	stage.isFull = false;
	asked.length = 0;
	await membership.catchUp();
	assert.deepEqual(asked.sort(), ['depart leaves', 'enter comes']);
	await membership.catchUp();
	assert.equal(asked.length, 2);
	assert.deepEqual(stage.host.reports, []);
});

test('a member is asked about once all before is answered', async () => {
	const stage = new Stage();
	const { membership, asked } = stage;
	await membership.enter('clobby', 'other', '1');
	const { promise, resolve } = Promise.withResolvers<void>();
	stage.answers = promise;
	const entered = membership.enter('clobby', 'a', '1');
	await settled();
	membership.depart('clobby', 'a', 0);
	const again = membership.enter('clobby', 'a', '2');
	void membership.catchUp();
	await settled();
	assert.deepEqual(asked, ['enter other', 'enter a']);
	resolve();
	await Promise.all([entered, again]);
	assert.deepEqual(asked, ['enter other', 'enter a', 'depart a', 'enter a']);
});

test('many members are written again in parts', async () => {
	const stage = new Stage();
	const groups = ['clobby', 'chall'];
	const ids = Array.from({ length: WRITTEN_AT_ONCE }, (_, index) => String(index));
	for (const group of groups) {
		await Promise.all(ids.map((id) => stage.membership.enter(group, id, '{}')));
	}
	stage.asked.length = 0;
	let answer = (): void => {};
	stage.answers = new Promise((resolve) => {
		answer = resolve;
	});
	const repaired = stage.membership.repair(false);
	// The next round begins meanwhile.
	const caughtUp = stage.membership.catchUp();
	await settled();
	assert.equal(stage.asked.length, WRITTEN_AT_ONCE);
	answer();
	await Promise.all([repaired, caughtUp]);
	assert.equal(stage.asked.length, groups.length * ids.length);
});
