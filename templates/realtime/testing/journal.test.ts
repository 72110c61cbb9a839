import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeContent } from '../protocol/frame-content.ts';
import * as write from '../protocol/server-frames.ts';
import { Journal } from './journal.ts';
import { TestClock } from './test-clock.ts';

/** What a journal says of frames, without the times. */
function linesOf(add: (journal: Journal) => void): readonly string[] {
	const journal = new Journal(new TestClock());
	add(journal);
	return journal.lines.map((line) => line.replace(/^ +0 ms {2}/, ''));
}

describe('The log of a client', () => {
	it('says what a page would say of the frames of the server', () => {
		const parts = { position: 'e.2.', previous: 'e.1.', at: 1, from: 'c', id: undefined };
		const frames = [
			write.welcomeFrame({ session: 'secret', isResumed: true, version: '' }),
			write.eventFrame(1, { ...parts, name: 'said', data: '{"text":"hi"}' }),
			write.eventFrame(1, { ...parts, name: 'drawn', data: new Uint8Array(3) }),
			write.refusedFrame(1, { code: 'NOT_FOUND', message: 'No.' }),
			write.replyFrame(1, 7, '5'),
			write.inboxFrame('"knock"'),
			write.drainFrame(500),
		];
		const lines = linesOf((journal) => {
			for (const { content } of frames) journal.received(content as string);
			journal.received('pong');
		});
		assert.deepEqual(lines, [
			'← welcome back',
			'← event said {"text":"hi"} at e.2.',
			'← event drawn <3 bytes> at e.2.',
			'← refused {"code":"NOT_FOUND","message":"No."}',
			'← reply 5',
			'← inbox "knock"',
			'← drain 500',
			'← pong',
		]);
	});

	it('says the same of those of the client', () => {
		const lines = linesOf((journal) => {
			journal.sent(writeContent(['hello', { session: 'secret' }]));
			journal.sent(writeContent(['join', 1, 'rooms', { room: 'lobby' }, { last: 5 }]));
			journal.sent(writeContent(['send', 1, 1, 'say'], '{"text":"hi"}'));
			journal.sent(writeContent(['cast', 1, 'move'], new Uint8Array(2)));
			journal.sent(writeContent(['leave', 1]));
		});
		assert.deepEqual(lines, [
			'→ hello again',
			'→ join rooms {"room":"lobby"} {"last":5}',
			'→ send say {"text":"hi"}',
			'→ cast move <2 bytes>',
			'→ leave 1',
		]);
	});

	it('shows its newest lines, with their times and not too long', async () => {
		const clock = new TestClock();
		const journal = new Journal(clock);
		for (let number = 0; number < 50; number++) journal.add(`line ${number}`);
		await clock.advance(1500);
		journal.add('x'.repeat(1000));
		const lines = journal.text.split('\n');
		assert.equal(lines[0], '  … 11 earlier lines');
		assert.equal(lines[1], '       0 ms  line 11');
		assert.match(lines.at(-1) ?? '', /^ {4}1500 ms {2}x{200}…$/);
		assert.equal(lines.length, 41);
	});
});
