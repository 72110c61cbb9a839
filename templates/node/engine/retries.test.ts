import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIRST_RETRY, LONGEST_RETRY } from './limits.ts';
import { Retries } from './retries.ts';

test('tries are spread at random, and become rare', () => {
	for (const random of [0, 0.5, 1]) {
		const retries = new Retries(() => random);
		for (let longest = FIRST_RETRY, tries = 0; tries < 10; tries++) {
			assert.equal(retries.failed(), random * longest);
			longest = Math.min(longest * 2, LONGEST_RETRY);
		}
		// A connection ends the waiting.
		retries.connected();
		assert.equal(retries.failed(), random * FIRST_RETRY);
	}
});

test('a connection that could not be used does not end the waiting', () => {
	const retries = new Retries(() => 1);
	for (let longest = FIRST_RETRY, tries = 0; tries < 10; tries++) {
		retries.connected();
		assert.equal(retries.failed({ isUseless: true }), longest);
		longest = Math.min(longest * 2, LONGEST_RETRY);
	}
	retries.connected();
	assert.equal(retries.failed(), FIRST_RETRY);
});

test('what needs somebody to act is tried rarely from the beginning', () => {
	assert.equal(new Retries(() => 1).failed({ isFinal: true }), LONGEST_RETRY);
});
