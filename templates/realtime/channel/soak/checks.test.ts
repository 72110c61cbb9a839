import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Checks, type Facts } from './checks.fixture.ts';
import { noCounts } from './counts.fixture.ts';

/** A client that has joined at `root`, in a log of `a`, `b` and `c`. */
class Stage implements Facts {
	readonly failures: string[] = [];
	readonly counts: Facts['counts'] = noCounts();
	readonly ran = new Set<string>();
	outages = 0;
	isGapAllowed = false;
	readonly checks: Checks = new Checks(this, 'ada');

	constructor() {
		this.checks.joined('root');
	}

	previousOf(position: string): string | undefined {
		return { a: 'root', b: 'a', c: 'b' }[position];
	}

	mayHaveGap(): boolean {
		return this.isGapAllowed;
	}

	hasRun(message: string): boolean {
		return this.ran.has(message);
	}

	fail(text: string): void {
		this.failures.push(text);
	}
}

describe('the checks of a client in a soak', () => {
	it('find nothing in messages in their order', () => {
		const { checks, counts, failures } = new Stage();
		for (const position of ['a', 'b', 'c']) checks.event(position, position);
		checks.joined('c');
		checks.ended('c');
		assert.deepEqual(failures, []);
		assert.equal(counts.delivered, 3);
	});

	it('find a message that is missing', () => {
		const { checks, failures } = new Stage();
		checks.event('b', 1);
		assert.deepEqual(failures, ['ada got b after root, it follows a']);
	});

	it('find a message that was never written', () => {
		const { checks, failures } = new Stage();
		checks.event('x', 1);
		assert.deepEqual(failures, ['ada got x after root, it follows undefined']);
	});

	it('find a message that comes twice', () => {
		const { checks, failures } = new Stage();
		checks.event('a', 1);
		checks.event('a', 1);
		assert.ok(failures.includes('ada got a twice'));
	});

	it('find a join that begins elsewhere', () => {
		const { checks, failures } = new Stage();
		checks.event('a', 1);
		checks.joined('root');
		assert.deepEqual(failures, ['ada joined at root, not at its own a']);
	});

	it('find a gap and a snapshot where nothing is missing', () => {
		const { checks, failures } = new Stage();
		checks.gap('b');
		checks.snapshot('c', 'c');
		assert.deepEqual(failures, [
			'ada was told of a gap after root, where nothing is missing',
			'ada got a snapshot after b, where nothing is missing',
		]);
	});

	it('go on after a gap and a snapshot where something is missing', () => {
		const stage = new Stage();
		const { checks, counts, failures } = stage;
		stage.isGapAllowed = true;
		checks.gap('a');
		checks.snapshot('b', 'b');
		checks.event('c', 1);
		checks.ended('c');
		assert.deepEqual(failures, []);
		assert.deepEqual([counts.gaps, counts.snapshots, counts.delivered], [1, 1, 1]);
	});

	it('find the snapshot of another position', () => {
		const stage = new Stage();
		stage.isGapAllowed = true;
		stage.checks.snapshot('b', 'a');
		assert.deepEqual(stage.failures, ['ada got the snapshot of a for b']);
	});

	it('find a client that ends elsewhere, or without an answer', () => {
		const { checks, failures } = new Stage();
		checks.sent(1, 'hello');
		checks.ended('c');
		assert.deepEqual(failures, [
			'ada ended at root, the log at c',
			'ada has 1 messages without an answer',
		]);
	});

	it('find nothing in a reply after what its handler published', () => {
		const { checks, failures, ran } = new Stage();
		checks.sent(1, 'hello');
		ran.add('hello');
		checks.event('a', 'hello');
		checks.replied(1, 'hello');
		assert.deepEqual(checks.unanswered, []);
		assert.deepEqual(failures, []);
	});

	it('find a reply before what its handler published', () => {
		const { checks, failures, ran } = new Stage();
		checks.sent(1, 'hello');
		ran.add('hello');
		checks.replied(1, 'hello');
		assert.deepEqual(failures, ['ada got a reply to hello before what its handler published']);
	});

	it('excuse it after a gap, a snapshot or an outage, which may hide the message', () => {
		const interruptions: ((stage: Stage) => void)[] = [
			({ checks }) => checks.gap('a'),
			({ checks }) => checks.snapshot('a', 'a'),
			(stage) => {
				stage.outages++;
			},
		];
		for (const interrupt of interruptions) {
			const stage = new Stage();
			stage.isGapAllowed = true;
			stage.ran.add('hello');
			stage.checks.sent(1, 'hello');
			interrupt(stage);
			stage.checks.replied(1, 'hello');
			assert.deepEqual(stage.failures, []);
		}
	});

	it('find a reply to a message that never ran, and one with the result of another', () => {
		const { checks, failures, ran } = new Stage();
		checks.event('a', 'hello');
		checks.sent(1, 'hello');
		checks.replied(1, 'hello');
		ran.add('hello');
		checks.sent(2, 'hello');
		checks.replied(2, 'goodbye');
		assert.deepEqual(failures, [
			'ada got a reply to hello, which never ran',
			'ada got goodbye for hello',
		]);
	});

	it('find a second answer', () => {
		const { checks, failures } = new Stage();
		checks.sent(1, 'hello');
		checks.failed(1, 'TIMEOUT');
		checks.failed(1, 'TIMEOUT');
		checks.replied(1, 'hello');
		assert.deepEqual(failures, ['ada got a second answer to 1', 'ada got a second answer to 1']);
	});

	it('count what nobody knows of: each `UNCERTAIN`, and all messages of a lost session', () => {
		const { checks, counts, failures } = new Stage();
		for (const id of [1, 2, 3, 4]) checks.sent(id, 'hello');
		checks.failed(1, 'UNCERTAIN');
		checks.failed(2, 'SERVICE_UNAVAILABLE');
		assert.equal(counts.uncertain, 1);
		checks.sessionLost();
		assert.equal(counts.uncertain, 3);
		assert.deepEqual(checks.unanswered, []);
		assert.deepEqual(failures, []);
	});
});
