import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settled } from '../channel.fixture.ts';
import { KEY, Stage } from './stage.fixture.ts';

/** A channel with the messages 1, 2 and 3, and a snapshot of the first two. */
async function stageWithSnapshot(): Promise<{ stage: Stage; positions: readonly string[] }> {
	const stage = new Stage();
	const positions = [await stage.publish(1), await stage.publish(2), await stage.publish(3)];
	assert.equal(await stage.snapshot('1, 2', positions[1] ?? ''), true);
	return { stage, positions };
}

describe('a snapshot', () => {
	it('is given to who joins behind it, with what came after it', async () => {
		const { stage, positions } = await stageWithSnapshot();
		const [one = '', two = ''] = positions;
		const behind = await stage.join({ since: one });
		assert.deepEqual(behind.link.story, ['snapshot: 1, 2', 3]);
		const [frame] = behind.link.of('snapshot');
		assert.deepEqual(frame, [7, two, stage.host.now(), null, null, 'all', '1, 2']);
		const ahead = await stage.join({ since: two });
		assert.deepEqual(ahead.link.story, [3]);
		await stage.publish(4);
		for (const { link } of [behind, ahead]) assert.equal(link.story.at(-1), 4);
	});

	it('is given to who joins for the first time, with all that came after it', async () => {
		const { stage } = await stageWithSnapshot();
		await stage.publish(4);
		assert.deepEqual((await stage.join({ last: 1 })).link.story, ['snapshot: 1, 2', 3, 4]);
		assert.deepEqual((await stage.join({ last: 50 })).link.story, ['snapshot: 1, 2', 3, 4]);
		assert.deepEqual((await stage.join({ last: 0 })).link.story, []);
		assert.deepEqual((await stage.join()).link.story, []);
	});

	it('does not disturb members that have its messages', async () => {
		const stage = new Stage();
		const { link } = await stage.join();
		const two = (await stage.publish(1)) && (await stage.publish(2));
		const frames = link.frames.length;
		assert.equal(await stage.snapshot('1, 2', two), true);
		await stage.host.advance(60_000);
		assert.equal(link.frames.length, frames);
		await stage.publish(3);
		assert.deepEqual(link.story, [1, 2, 3]);
	});

	it('is given again to who was lost between its join and the snapshot', async () => {
		for (const texts of [[], [1, 2]]) {
			const stage = new Stage();
			let { head } = await stage.log.last(KEY, 0);
			for (const text of texts) head = await stage.publish(text);
			await stage.snapshot('all', head);
			const { link } = await stage.join({ last: 10 });
			const [[, , details] = []] = link.of('joined');
			const { position: since } = details as { position: string };
			assert.deepEqual((await stage.join({ since })).link.story, ['snapshot: all']);
		}
	});

	it('heals what a trim, a restart or a failover has taken', async () => {
		const { stage, positions } = await stageWithSnapshot();
		const [one, two = '', three] = positions;
		const foreign = ['other000.1.abcdef', 'nonsense', String(two).replace(/.$/, '_')];
		for (const since of foreign) {
			assert.deepEqual((await stage.join({ since })).link.story, ['snapshot: 1, 2', 3], since);
		}
		// The log loses the third message, which a client has.
		stage.log.failOver(KEY, 1);
		stage.log.interrupt();
		await settled();
		const ahead = await stage.join({ since: three });
		assert.deepEqual(ahead.link.story, ['snapshot: 1, 2']);
		await stage.publish('another 3');
		assert.deepEqual(ahead.link.story, ['snapshot: 1, 2', 'another 3']);
		assert.deepEqual((await stage.join({ since: one })).link.story, [
			'snapshot: 1, 2',
			'another 3',
		]);
	});

	it('is followed by a gap if messages after it are not kept', async () => {
		const { stage, positions } = await stageWithSnapshot();
		stage.log.trim(KEY);
		const story = ['snapshot: 1, 2', 'gap: trimmed'];
		assert.deepEqual((await stage.join({ since: positions[0] })).link.story, story);
		assert.deepEqual((await stage.join({ last: 10 })).link.story, story);
		// It would give this member less than it has.
		assert.deepEqual((await stage.join({ since: positions[1] })).link.story, ['gap: trimmed']);
		assert.deepEqual((await stage.join({ since: positions[2] })).link.story, []);
	});

	it('reaches live members that lack its messages', async () => {
		const stage = new Stage();
		const { link } = await stage.join();
		await stage.publish(1);
		stage.log.hold();
		const three = (await stage.publish(2)) && (await stage.publish(3));
		await stage.snapshot('1, 2, 3', three);
		await stage.publish(4);
		stage.log.interrupt();
		await settled();
		assert.deepEqual(link.story, [1, 'snapshot: 1, 2, 3', 4]);
		await stage.publish(5);
		assert.deepEqual(link.story.at(-1), 5);
	});

	it('is not given to who may not read the past', async () => {
		const { stage, positions } = await stageWithSnapshot();
		const mayReadHistory = false;
		const late = await stage.join({ since: positions[0], mayReadHistory });
		assert.deepEqual(late.link.story, ['gap: not kept']);
		assert.deepEqual((await stage.join({ last: 10, mayReadHistory })).link.story, []);
		// Nor to one that is live, and has lost messages.
		const { link } = await stage.join({ mayReadHistory });
		stage.log.hold();
		const five = (await stage.publish(4)) && (await stage.publish(5));
		await stage.snapshot('1 to 5', five);
		await stage.publish(6);
		stage.log.interrupt();
		await settled();
		assert.deepEqual(link.story, ['gap: trimmed']);
		await stage.publish(7);
		assert.deepEqual(link.story, ['gap: trimmed', 7]);
	});

	it('waits for a connection that reads slowly', async () => {
		const { stage } = await stageWithSnapshot();
		const link = await stage.link();
		const join = stage.join({ last: 10 }, undefined, link);
		link.block();
		await join;
		assert.deepEqual(link.story, []);
		link.unblock();
		await settled();
		assert.deepEqual(link.story, ['snapshot: 1, 2', 3]);
	});

	it('goes on from a newer snapshot that is taken while a member reads', async () => {
		const stage = new Stage();
		const first = await stage.publish(0);
		for (let number = 1; number <= 99; number++) await stage.publish(number);
		const link = await stage.link();
		const join = stage.join({ since: first }, undefined, link);
		await settled();
		link.block();
		await join;
		const { head } = await stage.log.last(KEY, 0);
		await stage.snapshot('all', head);
		await stage.publish('next');
		link.unblock();
		await settled();
		assert.equal(link.story.at(-1), 'next');
		assert.equal(new Set(link.story).size, link.story.length);
	});
});
