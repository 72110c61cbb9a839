import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualHost, settled } from '../../../realtime/channel/channel.fixture.ts';
import { unanswered } from '../../engine/answers.ts';
import { LEASE, OUTCOME_POLL, SETTLE_DELAY } from '../../engine/limits.ts';
import type { Argument } from '../connection/client.ts';
import type { Script } from '../scripts/script.ts';
import { Claims } from './claims.ts';

const SESSION = '{site:1}:v:session';
const UNAVAILABLE = { code: 'SERVICE_UNAVAILABLE', message: /was not handled/ };

/** Claims over what Redis would hold, whose answers can be lost. */
class Stage {
	readonly host = new ManualHost();
	/** As Redis has them. */
	readonly fields = new Map<string, string>();
	/** The operations of each command. */
	readonly commands: string[][] = [];
	/** Redis does what it is asked, but its answers are lost. */
	isDeaf = false;
	/** Redis is not asked. */
	isDown = false;
	isAlive: boolean | undefined = true;
	/** The id of this process, until its lease ends. */
	process: string;
	readonly claims: Claims;

	constructor(process = 'here', isCluster = false) {
		const stage = this;
		this.process = process;
		this.claims = new Claims({
			commands: { run: (_script: Script, keys, args) => this.#run(keys, args) },
			leases: {
				get process() {
					return stage.process;
				},
				isAlive: () => this.isAlive,
			},
			host: this.host,
			isCluster: () => isCluster,
		});
	}

	claim(message: number, session = SESSION) {
		return this.claims.claim('secret', session, message);
	}

	async #run(keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
		await null;
		if (this.isDown) throw unanswered();
		const [, , ...operations] = args.map(String);
		const done: string[] = [];
		const answers = keys.map((key, index) => {
			const [name = '', message = '', process = '', result = ''] = operations.slice(index * 4);
			const field = `${key} ${message}`;
			const known = this.fields.get(field) ?? '';
			done.push(`${name} ${message}`);
			if (name === 'claim' && known === '') this.fields.set(field, process);
			if (name === 'settle' && known === process) this.fields.set(field, `=${result}`);
			if (name === 'release' && known === process) this.fields.delete(field);
			return Buffer.from(name === 'claim' || name === 'look' ? known : '');
		});
		this.commands.push(done);
		if (this.isDeaf) throw unanswered();
		return answers;
	}
}

test('all claims of a moment are one command, with the results of before', async () => {
	const stage = new Stage();
	const claims = await Promise.all([1, 2, 3].map((message) => stage.claim(message)));
	assert.ok(claims.every(({ state }) => state === 'claimed'));
	stage.claims.settle('secret', 1, '{}');
	await stage.claim(4);
	stage.claims.settle('secret', 2, '{}');
	await stage.host.advance(SETTLE_DELAY);
	assert.deepEqual(stage.commands, [
		['claim 1', 'claim 2', 'claim 3'],
		['settle 1', 'claim 4'],
		['settle 2'],
	]);
});

test('a Cluster gets a command for keys that lie together', async () => {
	const stage = new Stage('here', true);
	await Promise.all([stage.claim(1), stage.claim(2, '{site:2}:v:a'), stage.claim(3)]);
	assert.deepEqual(stage.commands, [['claim 1', 'claim 3'], ['claim 2']]);
});

test('a claim whose answer was lost does not start, and is given back', async () => {
	const stage = new Stage();
	stage.isDeaf = true;
	await assert.rejects(stage.claim(1), UNAVAILABLE);
	assert.equal(stage.fields.get(`${SESSION} 1`), 'here');
	stage.isDeaf = false;
	await stage.host.advance(SETTLE_DELAY);
	assert.equal(stage.fields.size, 0);
	assert.equal((await stage.claim(1)).state, 'claimed');
});

test('a claim whose answer was lost is known to be free here', async () => {
	const stage = new Stage();
	stage.isDeaf = true;
	await assert.rejects(stage.claim(1), UNAVAILABLE);
	stage.isDeaf = false;
	stage.isDown = true;
	await stage.host.advance(SETTLE_DELAY);
	stage.isDown = false;
	// The client sends the message again before the claim was given back.
	const again = stage.claim(1);
	await settled();
	assert.equal((await again).state, 'claimed');
	await stage.host.advance(60_000);
	// It runs now, and is not given back any more.
	assert.equal(stage.fields.get(`${SESSION} 1`), 'here');
	assert.equal((await stage.claim(1)).state, 'running');
});

test('a claim whose answer was lost is given back also after the lease of the process ended', async () => {
	for (const isAsked of [true, false]) {
		const stage = new Stage();
		stage.isDeaf = true;
		await assert.rejects(stage.claim(1), UNAVAILABLE);
		stage.isDeaf = false;
		stage.process = 'here again';
		if (!isAsked) await stage.host.advance(SETTLE_DELAY);
		assert.equal((await stage.claim(1)).state, 'claimed');
	}
});

test('a result that cannot be written is known here, and written later', async () => {
	const stage = new Stage();
	await stage.claim(1);
	stage.isDown = true;
	stage.claims.settle('secret', 1, '{"data":1}');
	await stage.host.advance(60_000);
	assert.deepEqual(await stage.claim(1), { state: 'settled', outcome: '{"data":1}' });
	stage.isDown = false;
	stage.claims.catchUp();
	await settled();
	assert.equal(stage.fields.get(`${SESSION} 1`), '={"data":1}');
	assert.deepEqual(await stage.claim(1), { state: 'settled', outcome: '{"data":1}' });
});

test('a claim of this process that it does not know is uncertain', async () => {
	const stage = new Stage();
	stage.fields.set(`${SESSION} 1`, 'here');
	const claim = await stage.claim(1);
	assert.equal(claim.state === 'running' && (await claim.outcome), undefined);
});

test('the handler of another process is waited for as long as it lives', async () => {
	const stage = new Stage();
	stage.fields.set(`${SESSION} 1`, 'there');
	const claim = await stage.claim(1);
	assert.ok(claim.state === 'running');
	await stage.host.advance(3 * OUTCOME_POLL);
	stage.isDown = true;
	await stage.host.advance(3 * OUTCOME_POLL);
	stage.isDown = false;
	stage.fields.set(`${SESSION} 1`, '={}');
	await stage.host.advance(OUTCOME_POLL);
	assert.equal(await claim.outcome, '{}');
});

test('the handler of a process that died, or that nobody knows, is uncertain', async () => {
	for (const [isAlive, time] of [
		[false, 0],
		[undefined, LEASE + OUTCOME_POLL],
	] as const) {
		const stage = new Stage();
		stage.fields.set(`${SESSION} 1`, 'there');
		stage.isAlive = isAlive;
		const claim = await stage.claim(1);
		assert.ok(claim.state === 'running');
		let isKnown = false;
		const outcome = Promise.resolve(claim.outcome).then((result) => {
			isKnown = true;
			return result;
		});
		await stage.host.advance(time / 2);
		assert.equal(isKnown, time === 0);
		await stage.host.advance(time);
		assert.equal(await outcome, undefined);
	}
});
