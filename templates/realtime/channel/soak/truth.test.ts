import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Truth } from './truth.fixture.ts';

/** Messages `a` to `d`, written one after the other. */
function written(): Truth {
	const truth = new Truth();
	truth.wrote('a', 'root');
	truth.wrote('b', 'a');
	truth.wrote('c', 'b');
	truth.wrote('d', 'c');
	return truth;
}

describe('the truth of a soak', () => {
	it('allows no gap while the log has what follows', () => {
		const truth = written();
		truth.compare(new Set(['a', 'b', 'c', 'd']));
		for (const position of ['root', 'a', 'b', 'c']) {
			assert.equal(truth.mayHaveGap(position, 'd'), false, position);
		}
	});

	it('allows none at the head', () => {
		const truth = written();
		truth.loseAll();
		assert.equal(truth.mayHaveGap('d', 'd'), false);
	});

	it('allows a gap if the next message is trimmed, even if later ones are kept', () => {
		const truth = written();
		truth.compare(new Set(['c', 'd']));
		assert.equal(truth.mayHaveGap('a', 'd'), true);
		assert.equal(truth.mayHaveGap('b', 'd'), false);
	});

	it('remembers a trimmed message that a faulty log shows again', () => {
		const truth = written();
		truth.compare(new Set(['c', 'd']));
		truth.compare(new Set(['a', 'b', 'c', 'd']));
		assert.equal(truth.mayHaveGap('a', 'd'), true);
	});

	it('allows a gap after the newest message once a failover has lost it', () => {
		const truth = written();
		assert.equal(truth.mayHaveGap('d', 'c'), false);
		truth.lose(new Set(['a', 'b', 'c']));
		assert.equal(truth.mayHaveGap('d', 'c'), true);
	});

	it('allows none after a trimmed message that a failover did not lose', () => {
		const truth = written();
		truth.compare(new Set());
		truth.lose(new Set());
		assert.equal(truth.mayHaveGap('d', 'e'), false);
	});

	it('allows none before a lost message that another one has replaced', () => {
		const truth = written();
		truth.lose(new Set(['a', 'b', 'c']));
		truth.wrote('e', 'c');
		truth.compare(new Set(['a', 'b', 'c', 'e']));
		assert.equal(truth.mayHaveGap('c', 'e'), false);
		assert.equal(truth.previousOf('e'), 'c');
	});

	it('allows a gap everywhere but at the head after everything is lost', () => {
		const truth = written();
		truth.loseAll();
		for (const position of ['root', 'a', 'b', 'c', 'd']) {
			assert.equal(truth.mayHaveGap(position, 'other root'), true, position);
		}
	});

	it('forgets the oldest messages first, and no more than it has to', () => {
		const truth = written();
		truth.forget(2);
		const known = ['a', 'b', 'c', 'd'].filter((one) => truth.previousOf(one) !== undefined);
		assert.deepEqual(known, ['c', 'd']);
		assert.equal(truth.mayHaveGap('c', 'd'), false);
	});
});
