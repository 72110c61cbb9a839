import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualHost, settled } from '../../../realtime/channel/channel.fixture.ts';
import { unanswered } from '../../engine/answers.ts';
import type { Argument } from '../connection/client.ts';
import { Keys } from '../connection/keys.ts';
import { IS_LAST } from '../scripts/limits.ts';
import { DEPART, ENTER } from '../scripts/membership.ts';
import type { Script } from '../scripts/script.ts';
import type { Leases } from '../sessions/leases.ts';
import { Membership } from './membership.ts';

const LOBBY = { name: 'lobby', key: 'lobby', subject: '' };

/** The members of a process, over groups that a test can lose. */
class Stage {
	readonly host = new ManualHost();
	/** The owners of members. */
	readonly members = new Map<string, string>();
	readonly told: string[] = [];
	written = 0;
	process = 'here';
	isDown = false;
	readonly membership: Membership;

	constructor() {
		const stage = this;
		this.membership = new Membership({
			commands: {
				run: (script, _keys, args) => stage.#run(script, args),
				send: async () => {
					await null;
					if (stage.isDown) throw unanswered();
				},
			},
			leases: {
				get process() {
					return stage.process;
				},
			} as Leases,
			keys: new Keys('site'),
			host: this.host,
			groupOf: () => LOBBY,
			emptied: () => this.told.push('emptied'),
			filled: () => this.told.push('filled'),
		});
	}

	enter(id: string): Promise<void> {
		return this.membership.enter(LOBBY.name, id, '');
	}

	async #run(script: Script, [id, owner]: readonly Argument[]): Promise<unknown> {
		await null;
		if (this.isDown) throw unanswered();
		const before = this.members.size;
		if (script === ENTER) {
			this.written++;
			this.members.set(String(id), String(owner));
			return before === 0 ? 1 : 0;
		}
		assert.equal(script, DEPART);
		if (this.members.get(String(id)) !== owner) return 0;
		this.members.delete(String(id));
		return this.members.size === 0 ? IS_LAST : 0;
	}
}

test('what failed is written later, and told once', async () => {
	const stage = new Stage();
	stage.isDown = true;
	await assert.rejects(stage.enter('a'), { code: 'TIMEOUT' });
	await assert.rejects(stage.membership.catchUp(), { code: 'TIMEOUT' });
	stage.isDown = false;
	await stage.membership.catchUp();
	await stage.membership.catchUp();
	assert.deepEqual([...stage.members.keys()], ['a']);
	assert.deepEqual([stage.told, stage.written], [['filled'], 1]);
});

test('a departure that failed is made up for', async () => {
	const stage = new Stage();
	await stage.enter('a');
	stage.isDown = true;
	stage.membership.depart(LOBBY.name, 'a', 0);
	await settled();
	stage.membership.depart(LOBBY.name, 'a', 5000);
	stage.isDown = false;
	await stage.membership.catchUp();
	assert.deepEqual([stage.members.size, stage.told], [0, ['filled', 'emptied']]);
	assert.equal(stage.membership.size, 0);
	assert.deepEqual(stage.host.reports, []);
});

test('after a loss of data members are written again, and nobody is told', async () => {
	const stage = new Stage();
	for (const id of ['a', 'b', 'departs']) await stage.enter(id);
	stage.membership.depart(LOBBY.name, 'departs', 5000);
	stage.members.clear();
	stage.isDown = true;
	await assert.rejects(stage.membership.repair(false));
	stage.isDown = false;
	await stage.membership.catchUp();
	assert.deepEqual([...stage.members.keys()].sort(), ['a', 'b', 'departs']);
	await stage.host.advance(5000);
	assert.deepEqual([...stage.members.keys()].sort(), ['a', 'b']);
	assert.deepEqual(stage.told, ['filled']);
});

test('after the lease ended members are written for the new process, and told', async () => {
	const stage = new Stage();
	await stage.enter('a');
	stage.members.clear();
	stage.process = 'again';
	await stage.membership.repair(true);
	assert.deepEqual([...stage.members], [['a', 'again']]);
	assert.deepEqual(stage.told, ['filled', 'filled']);
});

test('a member that went on elsewhere is not removed', async () => {
	const stage = new Stage();
	await stage.enter('a');
	stage.members.set('a', 'there');
	stage.membership.depart(LOBBY.name, 'a', 1000);
	await stage.host.advance(1000);
	assert.deepEqual([...stage.members], [['a', 'there']]);
	assert.deepEqual([stage.told, stage.membership.size], [['filled'], 0]);
});
