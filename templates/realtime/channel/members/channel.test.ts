import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RealtimeError } from '../../protocol/errors.ts';
import { rulesOf, settled } from '../channel.fixture.ts';
import { ECHO_TIMEOUT } from '../limits.ts';
import type { LogWatcher, Page, PresenceEntry } from '../ports.ts';
import type { ChannelRules } from '../rules.ts';
import { FakeLink } from './link.fixture.ts';
import { KEY, PRESENCE, Stage } from './stage.fixture.ts';

function codeOf(error: unknown): unknown {
	return (error as { code: unknown } | undefined)?.code;
}

describe('a channel', () => {
	it('gives all members the kept messages in one order', async () => {
		const stage = new Stage();
		const [one, two] = [await stage.join(), await stage.join()];
		await stage.publishAll(1, 2, 3);
		assert.deepEqual(one.link.story, [1, 2, 3]);
		assert.deepEqual(two.link.story, [1, 2, 3]);
	});

	it('writes a message once for all members', async () => {
		const stage = new Stage();
		const contents = new Set<unknown>();
		stage.host.broadcast = (links, frame) => {
			assert.equal([...links].length, 2);
			contents.add(frame);
		};
		await stage.join();
		await stage.join();
		await stage.publishAll(1);
		assert.equal(contents.size, 1);
	});

	it('continues a member from its position', async () => {
		const stage = new Stage();
		const { link, member } = await stage.join();
		await stage.publishAll(1, 2);
		member.disconnected(false);
		await stage.publishAll(3, 4);
		const later = await stage.join({ since: link.position });
		await stage.publishAll(5);
		assert.deepEqual(later.link.story, [3, 4, 5]);
	});

	it('continues a member of a quiet channel whose messages have all expired', async () => {
		const stage = new Stage();
		const { link } = await stage.join();
		await stage.publishAll(1);
		stage.log.trim(KEY);
		const later = await stage.join({ since: link.position });
		assert.deepEqual(later.link.story, []);
	});

	it('gives a new member the last messages it asks for', async () => {
		const stage = new Stage();
		await stage.publishAll(1, 2, 3);
		assert.deepEqual((await stage.join({ last: 2 })).link.story, [2, 3]);
		assert.deepEqual((await stage.join({ last: 50 })).link.story, [1, 2, 3]);
		assert.deepEqual((await stage.join({ last: 0 })).link.story, []);
	});

	it('tells a member whose past was trimmed', async () => {
		const stage = new Stage(rulesOf(undefined, { retention: { size: 2, ttl: 300 } }));
		const { link } = await stage.join();
		await stage.publishAll(1);
		const { position } = link;
		await stage.publishAll(2, 3, 4);
		const later = await stage.join({ since: position });
		await stage.publishAll(5);
		assert.deepEqual(later.link.story, ['gap: trimmed', 5]);
	});

	it('tells a member of a channel that keeps nothing', async () => {
		const stage = new Stage(rulesOf(undefined, { retention: { size: 0, ttl: 0 } }));
		const { link } = await stage.join();
		await stage.publishAll(1);
		const { position } = link;
		assert.deepEqual((await stage.join({ since: position })).link.story, []);
		await stage.publishAll(2);
		assert.deepEqual((await stage.join({ since: position })).link.story, ['gap: not kept']);
	});

	it('tells a member that may not read the past of what it missed', async () => {
		const stage = new Stage();
		const { link } = await stage.join();
		const { position } = link;
		await stage.publishAll(1);
		const later = await stage.join({ since: position, mayReadHistory: false });
		assert.deepEqual(later.link.story, ['gap: not kept']);
		assert.deepEqual((await stage.join({ last: 1, mayReadHistory: false })).link.story, []);
	});

	it('tells a member of an earlier epoch, of the future, or of no position of ours', async () => {
		const stage = new Stage();
		const { link } = await stage.join();
		await stage.publishAll(1);
		const [epoch] = String(link.position).split('.');
		for (const since of [`${epoch}.zz.aaaaaa`, 'other.1.aaaaaa', '___', `${epoch}.1.forged`]) {
			assert.deepEqual((await stage.join({ since })).link.story, ['gap: restarted'], since);
		}
	});

	it('tells a member that is ahead of a log which lost its messages', async () => {
		const stage = new Stage();
		const { link, member } = await stage.join();
		await stage.publishAll(1, 2, 3);
		const { position } = link;
		member.disconnected(false);
		stage.log.failOver(KEY, 2);
		await stage.publishAll('another 2', 'another 3');
		// The epoch and the number agree.
		const later = await stage.join({ since: position });
		await stage.publishAll(4);
		assert.deepEqual(later.link.story, ['gap: restarted', 4]);
	});

	it('tells a member that is there while the log loses messages', async () => {
		const stage = new Stage();
		const { link } = await stage.join();
		await stage.publishAll(1, 2, 3);
		stage.log.failOver(KEY, 2);
		await stage.publishAll('another 2');
		await settled();
		await stage.publishAll('another 3', 4);
		await settled();
		assert.deepEqual(link.story, [1, 2, 3, 'gap: restarted', 'another 3', 4]);
	});

	it('tells a member that read ahead of the feed when the log loses its messages', async () => {
		const stage = new Stage();
		await stage.join();
		await stage.publishAll(1);
		stage.log.hold();
		await stage.publishAll(2, 3);
		const { link } = await stage.join({ last: 2 });
		assert.deepEqual(link.story, [2, 3]);
		stage.log.failOver(KEY, 2);
		// The feed reads, and has all that is left.
		stage.log.interrupt();
		await settled();
		assert.deepEqual(link.story, [2, 3, 'gap: restarted']);
		await stage.publishAll('another 2');
		assert.deepEqual(link.story.at(-1), 'another 2');
	});

	it('tells a member that read ahead of a feed which misses nothing', async () => {
		const stage = new Stage();
		await stage.join();
		await stage.publishAll(1);
		stage.log.fault = () => 'lost';
		await stage.publishAll(2, 3);
		const { link } = await stage.join({ last: 2 });
		stage.log.failOver(KEY, 2);
		stage.log.fault = undefined;
		await stage.publishAll('another 2');
		assert.deepEqual(link.story, [2, 3]);
		await stage.host.advance(ECHO_TIMEOUT);
		assert.deepEqual(link.story, [2, 3, 'gap: restarted']);
	});

	it('tells a slow member whose page the log loses before it has sent it', async () => {
		const stage = new Stage();
		await stage.join();
		await stage.publishAll(1);
		stage.log.hold();
		await stage.publishAll(2, 3);
		const slow = await stage.link();
		const send = slow.send.bind(slow);
		slow.send = (frame) => {
			send(frame);
			if (slow.story.length === 1) slow.block();
		};
		await stage.join({ last: 2 }, undefined, slow);
		stage.log.failOver(KEY, 2);
		stage.log.interrupt();
		await settled();
		assert.deepEqual(slow.story, [2]);
		slow.unblock();
		await settled();
		assert.deepEqual(slow.story, [2, 'gap: restarted']);
	});

	it('sends nothing of a page to a member that the feed has reached meanwhile', async () => {
		const stage = new Stage();
		await stage.join();
		stage.log.hold();
		await stage.publishAll(1);
		const readOn = stage.holdReads();
		const { link } = await stage.join({ last: 1 });
		stage.log.release();
		await stage.publishAll(2);
		stage.log.trim(KEY);
		readOn();
		await settled();
		assert.deepEqual(link.story, [1, 2]);
	});

	it('takes nothing that came from the log of before, while it was read again', async () => {
		const stage = new Stage();
		const { watch } = stage.log;
		let watcher: LogWatcher | undefined;
		stage.log.watch = (channel, given) => {
			watcher = given;
			return watch.call(stage.log, channel, given);
		};
		const { link } = await stage.join();
		await stage.publishAll(1);
		const [entry] = stage.log.entries(KEY);
		const readOn = stage.holdReads();
		stage.log.failOver(KEY, 1);
		watcher?.interrupted();
		if (entry !== undefined) watcher?.entry(entry);
		readOn();
		await settled();
		assert.deepEqual(link.story, [1, 'gap: restarted']);
	});

	it('leaves a member that read ahead of the feed to wait for it', async () => {
		const stage = new Stage();
		await stage.join();
		stage.log.hold();
		await stage.publishAll(1, 2);
		const { link } = await stage.join({ last: 2 });
		await stage.publishAll(3);
		stage.log.release();
		await settled();
		assert.deepEqual(link.story, [1, 2, 3]);
	});

	it('reads what a broken link to the log has lost', async () => {
		const stage = new Stage();
		const { link } = await stage.join();
		await stage.publishAll(1);
		stage.log.hold();
		await stage.publishAll(2, 3);
		stage.log.interrupt();
		await settled();
		await stage.publishAll(4);
		assert.deepEqual(link.story, [1, 2, 3, 4]);
	});

	it('reads again if more may have been lost while it read', async () => {
		const stage = new Stage();
		const { link } = await stage.join();
		await stage.publishAll(1);
		const after = stage.log.after.bind(stage.log);
		const { promise, resolve } = Promise.withResolvers<void>();
		stage.log.after = async (...given) => {
			const page = await after(...given);
			await promise;
			return page;
		};
		stage.log.interrupt();
		stage.log.after = after;
		stage.log.fault = () => 'lost';
		await stage.publishAll(2);
		stage.log.interrupt();
		resolve();
		await settled();
		assert.deepEqual(link.story, [1, 2]);
	});

	it('reads what was lost on the way without a word', async () => {
		const stage = new Stage();
		const { link } = await stage.join();
		const faults = ['none', 'lost', 'none'] as const;
		let index = 0;
		stage.log.fault = () => faults[index++] ?? 'none';
		await stage.publishAll(1, 2, 3);
		await settled();
		assert.deepEqual(link.story, [1, 2, 3]);
	});

	it('delivers a message once that arrives twice', async () => {
		const stage = new Stage();
		const { link } = await stage.join();
		stage.log.fault = () => 'twice';
		await stage.publishAll(1, 2);
		await settled();
		assert.deepEqual(link.story, [1, 2]);
	});

	it('joins between a message and its delivery without a gap or a double', async () => {
		const stage = new Stage();
		const first = await stage.join();
		await stage.publishAll(1);
		const { position } = first.link;
		stage.log.hold();
		await stage.publishAll(2);
		const later = await stage.join({ since: position });
		await stage.publishAll(3);
		stage.log.release();
		await settled();
		assert.deepEqual(later.link.story, [2, 3]);
		assert.deepEqual(first.link.story, [1, 2, 3]);
	});

	it('sends a long past page by page, as the connection takes it', async () => {
		const stage = new Stage(rulesOf(undefined, { retention: { size: 1000, ttl: 300 } }));
		const { link } = await stage.join();
		const { position } = link;
		const all = Array.from({ length: 350 }, (_, index) => index);
		await stage.publishAll(...all);
		const slow = await stage.link();
		slow.block();
		const member = stage.ask(slow);
		await member.admit({ since: position, mayReadHistory: true });
		await settled();
		assert.equal(slow.story.length, 0);
		await stage.publishAll(350);
		slow.unblock();
		await settled();
		await stage.publishAll(351);
		assert.deepEqual(slow.story, [...all, 350, 351]);
	});

	it('holds no page for a member that reads slowly', async () => {
		const stage = new Stage();
		await stage.publishAll(...Array.from({ length: 9 }, (_, index) => index));
		const pages: WeakRef<Page>[] = [];
		const noted = (page: Page): Page => {
			pages.push(new WeakRef(page));
			return page;
		};
		const { log } = stage;
		const [after, last] = [log.after.bind(log), log.last.bind(log)];
		log.after = async (...given) => noted(await after(...given));
		log.last = async (...given) => noted(await last(...given));
		const slow = await stage.link();
		const send = slow.send.bind(slow);
		slow.send = (frame) => {
			send(frame);
			// One page has arrived, and half of the next one.
			if (slow.story.length === 5) slow.block();
		};
		await stage.join({ last: 9 }, undefined, slow);
		assert.deepEqual(slow.story, [0, 1, 2, 3, 4]);
		assert.equal(pages.length, 3);
		setFlagsFromString('--expose-gc');
		const collectGarbage: () => void = runInNewContext('gc');
		// What a WeakRef is made of lives until the end of the turn.
		await new Promise((resolve) => setImmediate(resolve));
		collectGarbage();
		assert.ok(pages.every((page) => page.deref() === undefined));
		slow.unblock();
		await settled();
		assert.deepEqual(slow.story, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
	});

	it('goes on after an outage of the log', async () => {
		const stage = new Stage();
		const { link } = await stage.join();
		stage.log.fault = () => 'lost';
		await stage.publishAll(1);
		stage.log.fault = undefined;
		stage.log.hold();
		await stage.publishAll(2);
		stage.log.setDown(true);
		stage.log.release();
		await settled();
		assert.deepEqual(link.story, []);
		await stage.host.advance(500);
		stage.log.setDown(false);
		await stage.host.advance(1000);
		assert.deepEqual(link.story, [1, 2]);
		assert.equal(stage.host.reports.length, 1);
	});

	it('refuses a join while the log is down, and takes a later one', async () => {
		const stage = new Stage();
		stage.log.setDown(true);
		await assert.rejects(stage.join(), { code: 'SERVICE_UNAVAILABLE' });
		stage.log.setDown(false);
		const { link } = await stage.join();
		await stage.publishAll(1);
		assert.deepEqual(link.story, [1]);
	});

	it('stops to listen once it has had no members for a while', async () => {
		const stage = new Stage();
		const { member } = await stage.join();
		member.leave();
		await stage.host.advance(9_000);
		assert.equal(stage.isIdle, false);
		const { member: second } = await stage.join();
		await stage.host.advance(20_000);
		assert.equal(stage.isIdle, false);
		second.leave();
		await stage.host.advance(10_000);
		assert.equal(stage.isIdle, true);
	});

	it('gives ephemeral messages to all but one connection', async () => {
		const stage = new Stage();
		const [one, two] = [await stage.join(), await stage.join()];
		await stage.log.cast(KEY, { name: 'moved', data: '1', except: one.link.session.id });
		assert.deepEqual(one.link.of('cast'), []);
		assert.deepEqual(two.link.of('cast'), [[7, null, 'moved', 1]]);
	});
});

/** A channel whose handler publishes what does not arrive yet. */
function publishing(): Stage {
	const stage: Stage = new Stage(
		rulesOf(async (message) => {
			stage.log.hold();
			message.published(await stage.publish('by the handler'));
			return '"done"';
		}),
	);
	return stage;
}

describe('a message of a member', () => {
	it('is answered after what its handler published', async () => {
		const stage = publishing();
		const { link, member } = await stage.join();
		member.message({ id: 1, name: 'say', data: 1 });
		await settled();
		assert.deepEqual(link.of('reply'), []);
		stage.log.release();
		await settled();
		const types = link.frames.map(([type]) => type);
		assert.deepEqual(types, ['joined', 'event', 'reply']);
	});

	it('is answered after the gap of a log that was rewritten, and took what its handler published', async () => {
		const stage = publishing();
		await stage.publishAll(1, 2, 3);
		const { link, member } = await stage.join();
		stage.log.setDown(true);
		stage.log.failOver(KEY, 3);
		// It cannot be read, and is asked again a moment later.
		stage.log.interrupt();
		await settled();
		stage.log.setDown(false);
		member.message({ id: 1, name: 'say', data: 1 });
		await settled();
		assert.deepEqual(
			link.frames.slice(-2).map(([type]) => type),
			['gap', 'reply'],
		);
	});

	it('is answered after what its handler published while the log was read', async () => {
		let answer = (): void => {};
		const stage = publishing();
		const { link, member } = await stage.join();
		const read = stage.log.after.bind(stage.log);
		stage.log.after = async (...asked) => {
			const page = await read(...asked);
			await new Promise<void>((resolve) => {
				answer = resolve;
			});
			return page;
		};
		stage.log.interrupt();
		await settled();
		member.message({ id: 1, name: 'say', data: 1 });
		await settled();
		answer();
		await settled();
		assert.deepEqual(link.of('reply'), []);
		stage.log.release();
		await settled();
		const types = link.frames.map(([type]) => type);
		assert.deepEqual(types, ['joined', 'event', 'reply']);
	});

	it('is handled once in a session, also while its handler runs', async () => {
		let runs = 0;
		let finish = (): void => {};
		const stage = new Stage(
			rulesOf(() => {
				runs++;
				return new Promise((resolve) => {
					finish = () => resolve('"done"');
				});
			}),
		);
		const { link, member } = await stage.join();
		member.message({ id: 1, name: 'say', data: 1 });
		await settled();
		member.disconnected(false);
		const resumed = new FakeLink(link.session);
		const second = await stage.join({}, undefined, resumed);
		second.member.message({ id: 1, name: 'say', data: 1 });
		await settled();
		finish();
		await settled();
		const third = await stage.join({}, undefined, new FakeLink(link.session));
		third.member.message({ id: 1, name: 'say', data: 1 });
		await settled();
		assert.equal(runs, 1);
		assert.deepEqual(resumed.of('reply'), [[2, 1, 'done']]);
		assert.deepEqual(third.link.of('reply'), [[3, 1, 'done']]);
	});

	it('is told to the roster if its handler waits for more than promises', async () => {
		const told: number[] = [];
		let finish = (): void => {};
		const stage = new Stage(
			rulesOf(async ({ name }) => {
				if (name === 'wait') await new Promise<void>((resolve) => (finish = resolve));
				else for (let turn = 0; turn < 5; turn++) await undefined;
				return undefined;
			}),
		);
		stage.roster.outlastsTurn = (_secret, message) => told.push(message);
		const { link, member } = await stage.join();
		member.message({ id: 1, name: 'say', data: 1 });
		member.message({ id: 2, name: 'wait', data: 1 });
		await settled();
		assert.deepEqual(told, [2]);
		assert.equal(link.of('reply').length, 1);
		finish();
		await settled();
		assert.deepEqual(told, [2]);
		assert.equal(link.of('reply').length, 2);
	});

	it('is uncertain where the process died inside its handler', async () => {
		const stage = new Stage(rulesOf(async () => '"done"', { idempotent: ['set'] }));
		const { link, member } = await stage.join();
		stage.roster.claim = async () => ({ state: 'running', outcome: Promise.resolve(undefined) });
		member.message({ id: 1, name: 'say', data: 1 });
		member.message({ id: 2, name: 'set', data: 1 });
		await settled();
		assert.equal(codeOf(link.of('error')[0]?.[2]), 'UNCERTAIN');
		assert.deepEqual(link.of('reply'), [[1, 2, 'done']]);
	});

	it('waits for the one before it', async () => {
		const order: string[] = [];
		const finish: (() => void)[] = [];
		const stage = new Stage(
			rulesOf(({ name }) => {
				order.push(name);
				return new Promise((resolve) => finish.push(() => resolve(undefined)));
			}),
		);
		const { member } = await stage.join();
		member.message({ id: 1, name: 'first', data: 1 });
		member.message({ id: 2, name: 'second', data: 1 });
		await settled();
		assert.deepEqual(order, ['first']);
		finish[0]?.();
		await settled();
		assert.deepEqual(order, ['first', 'second']);
	});

	it('gives way to the next one after its time', async () => {
		const signals: AbortSignal[] = [];
		const stage = new Stage(
			rulesOf(
				({ name }, { signal }) => {
					signals.push(signal);
					return name === 'slow' ? new Promise(() => {}) : Promise.resolve('"done"');
				},
				{ timeout: 2000 },
			),
		);
		const { link, member } = await stage.join();
		member.message({ id: 1, name: 'slow', data: 1 });
		member.message({ id: 2, name: 'next', data: 1 });
		await stage.host.advance(2000);
		assert.equal(signals[0]?.aborted, true);
		assert.equal(codeOf(link.of('error')[0]?.[2]), 'TIMEOUT');
		assert.deepEqual(link.of('reply'), [[1, 2, 'done']]);
	});

	it('fails with the error for clients, and hides any other', async () => {
		const stage = new Stage(
			rulesOf(async ({ name }) => {
				if (name === 'secret') throw new Error('the password is 1234');
				throw new RealtimeError({ code: 'CONFLICT', message: 'The seat is taken.' });
			}),
		);
		const { link, member } = await stage.join();
		member.message({ id: 1, name: 'told', data: 1 });
		member.message({ id: 2, name: 'secret', data: 1 });
		await settled();
		assert.deepEqual(
			link.of('error').map(([, , error]) => error),
			[
				{ code: 'CONFLICT', message: 'The seat is taken.' },
				{ code: 'INTERNAL_SERVER_ERROR', message: 'The server failed.' },
			],
		);
	});

	it('is refused beyond the rate of its user, and beyond what may wait', async () => {
		const stage = new Stage(rulesOf(() => new Promise(() => {})));
		const { link, member } = await stage.join({}, 'ada');
		for (let id = 1; id <= 120; id++) member.message({ id, name: 'say', data: 1 });
		await settled();
		const refused = link.of('error').map(([, id]) => id);
		// One runs, 16 wait.
		assert.equal(refused[0], 18);
		assert.equal(refused.length, 120 - 17);
		const other = await stage.join({}, 'ada');
		other.member.message({ id: 1, name: 'say', data: 1 });
		assert.equal(codeOf(other.link.of('error')[0]?.[2]), 'TOO_MANY_REQUESTS');
	});

	it('shares the rate with the other connections of its user, also after a quiet time', async () => {
		const stage = new Stage(rulesOf(async () => '"done"'));
		const first = await stage.join({}, 'ada');
		let id = 0;
		/** The messages of two connections that are answered. */
		async function answered(second: typeof first): Promise<number> {
			const before = first.link.of('reply').length;
			for (let message = 0; message < 75; message++) {
				for (const { member } of [first, second])
					member.message({ id: ++id, name: 'say', data: 1 });
				await settled();
			}
			return first.link.of('reply').length - before + second.link.of('reply').length;
		}
		assert.equal(await answered(await stage.join({}, 'ada')), 100);
		await stage.host.advance(10_000);
		// The channel forgets the rates of quiet users when another one comes.
		const other = await stage.join({}, 'bob');
		other.member.message({ id: 1, name: 'say', data: 1 });
		assert.equal(await answered(await stage.join({}, 'ada')), 100);
	});

	it('of the ephemeral kind is replaced while it waits by the next of its name', async () => {
		const seen: unknown[] = [];
		let finish = (): void => {};
		const stage = new Stage(
			rulesOf(({ data }) => {
				seen.push(data);
				return new Promise((resolve) => {
					finish = () => resolve(undefined);
				});
			}),
		);
		const { link, member } = await stage.join();
		for (const data of [1, 2, 3]) member.message({ id: undefined, name: 'move', data });
		finish();
		await settled();
		assert.deepEqual(seen, [1, 3]);
		assert.deepEqual(link.of('reply'), []);
	});

	it('waits for a join that is not decided yet', async () => {
		const stage = new Stage(rulesOf(async () => '"done"'));
		const link = await stage.link();
		const member = stage.ask(link);
		member.message({ id: 1, name: 'say', data: 1 });
		await member.admit({ mayReadHistory: true });
		await settled();
		assert.deepEqual(
			link.frames.map(([type]) => type),
			['joined', 'reply'],
		);
	});
});

describe('presence', () => {
	const rules = (of: 'user' | 'connection' = 'user'): ChannelRules =>
		rulesOf(undefined, { presence: { ...PRESENCE, of } });
	const names = (members: unknown): unknown[] =>
		(members as { id: string; data: unknown }[]).map(({ id, data }) => [id, data]);

	it('is told as a state first, then as changes', async () => {
		const stage = new Stage(rules());
		const ada = await stage.join({ presence: { data: 1 } }, 'ada');
		await stage.host.advance(250);
		const grace = await stage.join({ presence: { data: 2 } }, 'grace');
		assert.deepEqual(names(grace.link.of('members')[0]?.[1]), [['ada', 1]]);
		await stage.host.advance(250);
		await ada.member.setPresence(3);
		await stage.host.advance(250);
		grace.member.leave();
		await stage.host.advance(250);
		const changes = ada.link.of('changes').map(([, change]) => {
			const { joined, changed, left } = change as Record<string, unknown[]>;
			return { joined: names(joined), changed: names(changed), left };
		});
		assert.deepEqual(changes, [
			{ joined: [['ada', 1]], changed: [], left: [] },
			{ joined: [['grace', 2]], changed: [], left: [] },
			{ joined: [], changed: [['ada', 3]], left: [] },
			{ joined: [], changed: [], left: ['grace'] },
		]);
	});

	it('gathers changes for 250 ms', async () => {
		const stage = new Stage(rules());
		const { link } = await stage.join();
		for (const user of ['ada', 'grace', 'mary']) {
			await stage.join({ presence: { data: 1 } }, user);
		}
		await stage.host.advance(249);
		assert.equal(link.of('changes').length, 0);
		await stage.host.advance(1);
		assert.equal(link.of('changes').length, 1);
	});

	it('does not tell of a reconnect, nor of a page that navigates', async () => {
		const stage = new Stage(rules());
		const { link } = await stage.join();
		let page = await stage.join({ presence: { data: 1 } }, 'ada');
		await stage.host.advance(1000);
		for (const isClean of [false, true, true]) {
			page.member.disconnected(isClean);
			await stage.host.advance(4000);
			page = await stage.join({ presence: { data: 1 } }, 'ada');
			await stage.host.advance(20_000);
		}
		assert.equal(link.of('changes').length, 1);
		page.member.disconnected(true);
		await stage.host.advance(20_000);
		assert.equal(link.of('changes').length, 2);
	});

	it('outlives an earlier join of its session whose entry was slow', async () => {
		const stage = new Stage(rules());
		const { link: watcher } = await stage.join();
		const enter = stage.roster.enter.bind(stage.roster);
		const { promise, resolve } = Promise.withResolvers<void>();
		stage.roster.enter = async (...given) => {
			await enter(...given);
			await promise;
		};
		const link = await stage.link('ada');
		const earlier = stage.ask(link, 'ada');
		const admitted = earlier.admit({ mayReadHistory: true, presence: { data: 1 } });
		await settled();
		earlier.disconnected(false);
		stage.roster.enter = enter;
		await stage.join({ presence: { data: 2 } }, 'ada', link);
		resolve();
		await admitted;
		await stage.host.advance(60_000);
		assert.equal((await stage.roster.present(KEY)).length, 1);
		assert.equal(watcher.of('changes').length, 1);
	});

	it('has its grace also if the connection ends before the entry is stored', async () => {
		const stage = new Stage(rules());
		const enter = stage.roster.enter.bind(stage.roster);
		const { promise, resolve } = Promise.withResolvers<void>();
		const { member } = await stage.join({ presence: { data: 1 } }, 'ada');
		stage.roster.enter = async (...given) => {
			await enter(...given);
			await promise;
		};
		const updated = member.setPresence(2);
		await settled();
		member.disconnected(true);
		resolve();
		await updated;
		await stage.host.advance(4999);
		assert.equal((await stage.roster.present(KEY)).length, 1);
		await stage.host.advance(1);
		assert.equal((await stage.roster.present(KEY)).length, 0);
	});

	it('does not enter for a client that went before the channel was open', async () => {
		const stage = new Stage(rules());
		const { promise, resolve } = Promise.withResolvers<void>();
		const watch = stage.roster.watch.bind(stage.roster);
		stage.roster.watch = async (...given) => {
			await promise;
			return await watch(...given);
		};
		const member = stage.ask(await stage.link('ada'), 'ada');
		const admitted = member.admit({ mayReadHistory: true, presence: { data: 1 } });
		await settled();
		member.leave();
		resolve();
		await admitted;
		assert.equal((await stage.roster.present(KEY)).length, 0);
	});

	it('is read again if changes may have been missed while it was read', async () => {
		const stage = new Stage(rules());
		const { link } = await stage.join();
		const { present } = stage.roster;
		const { promise, resolve } = Promise.withResolvers<readonly PresenceEntry[]>();
		stage.roster.present = () => promise;
		stage.channel.interrupted();
		const entry = { id: 'a', userId: 'ada', member: { id: 'a', data: 1, since: 1 } };
		stage.channel.departed('a');
		stage.roster.present = async () => [entry];
		stage.channel.interrupted();
		resolve([]);
		await stage.host.advance(250);
		assert.equal(link.of('changes').length, 1);
		stage.roster.present = present;
	});

	it('ends 5 s after a clean close and 15 s after a loss, told once', async () => {
		for (const [wasClean, delay] of [
			[true, 5000],
			[false, 15_000],
		] as const) {
			const stage = new Stage(rules());
			const { link } = await stage.join();
			const { member } = await stage.join({ presence: { data: 1 } }, 'ada');
			await stage.host.advance(1000);
			member.disconnected(wasClean);
			await stage.host.advance(delay - 1);
			assert.equal(link.of('changes').length, 1);
			await stage.host.advance(251);
			assert.equal(link.of('changes').length, 2);
			await stage.host.advance(60_000);
			assert.equal(link.of('changes').length, 2);
		}
	});

	it('shows a user once, or each of its connections', async () => {
		for (const [of, count] of [
			['user', 1],
			['connection', 2],
		] as const) {
			const stage = new Stage(rules(of));
			await stage.join({ presence: { data: 1 } }, 'ada');
			await stage.join({ presence: { data: 2 } }, 'ada');
			await stage.host.advance(250);
			const { link } = await stage.join();
			assert.equal(link.of('members')[0]?.[2], count);
		}
	});

	it('is a count above 500 members', async () => {
		const stage = new Stage(rules());
		for (let index = 0; index < 501; index++) {
			await stage.join({ presence: { data: 1 } }, `user ${index}`);
		}
		await stage.host.advance(250);
		const { link } = await stage.join();
		assert.deepEqual(link.of('members'), [[7, null, 501]]);
	});

	it('is a count above 256 KiB, and a list again below', async () => {
		const stage = new Stage(rules());
		const { link } = await stage.join();
		const users = await Promise.all(
			Array.from({ length: 70 }, (_, index) =>
				stage.join({ presence: { data: 'é'.repeat(2000) } }, `user ${index}`),
			),
		);
		await stage.host.advance(250);
		assert.deepEqual(link.of('changes'), []);
		assert.deepEqual(link.of('members').at(-1)?.slice(1), [null, 70]);
		const late = await stage.join();
		assert.deepEqual(late.link.of('members')[0]?.slice(1), [null, 70]);
		for (const { member } of users.slice(60)) member.leave();
		await stage.host.advance(250);
		for (const { frames } of [link, late.link]) {
			const [type, , members, count] = frames.at(-1) ?? [];
			assert.deepEqual([type, names(members).length, count], ['members', 60, 60]);
		}
		users[0]?.member.leave();
		await stage.host.advance(250);
		assert.deepEqual(late.link.of('changes').length, 1);
	});

	it('refuses a join with invalid data', async () => {
		const stage = new Stage(rules());
		stage.rules = rulesOf(undefined, {
			presence: {
				...PRESENCE,
				parse: async () => {
					throw new RealtimeError({ code: 'BAD_REQUEST', fields: { typing: ['Required'] } });
				},
			},
		});
		await assert.rejects(stage.join({ presence: { data: {} } }), { code: 'BAD_REQUEST' });
		assert.equal(stage.channel.size, 0);
	});
});

describe('a disconnected user', () => {
	it('leaves at once, with all of its connections', async () => {
		const stage = new Stage();
		const [one, two, other] = [
			await stage.join({}, 'ada'),
			await stage.join({}, 'ada'),
			await stage.join({}, 'grace'),
		];
		stage.channel.revoke('ada');
		await stage.publishAll(1);
		assert.equal(codeOf(one.link.of('left')[0]?.[1]), 'FORBIDDEN');
		assert.equal(two.link.of('left').length, 1);
		assert.deepEqual(one.link.story, []);
		assert.deepEqual(other.link.story, [1]);
	});

	it('does not join by a join that was under way', async () => {
		const stage = new Stage();
		await stage.join();
		const member = stage.ask(await stage.link('ada'), 'ada');
		stage.channel.revoke('ada');
		await assert.rejects(member.admit({ mayReadHistory: true }), { code: 'FORBIDDEN' });
	});
});
