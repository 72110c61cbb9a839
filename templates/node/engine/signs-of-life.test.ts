import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENCE } from './limits.ts';
import { SignsOfLife } from './signs-of-life.ts';

test('a sign measures the way of a message', () => {
	let time = 0;
	const signs = new SignsOfLife(() => time);
	assert.deepEqual([signs.lag, signs.isHeard], [null, false]);
	const first = signs.next();
	time += 3;
	signs.heard(first);
	assert.deepEqual([signs.lag, signs.isHeard], [3, true]);
	signs.heard(first);
	signs.heard('of another process');
	assert.equal(signs.lag, 3);
});

test('silence is a sign that does not arrive, and not time without one', () => {
	let time = 0;
	const signs = new SignsOfLife(() => time);
	signs.heard(signs.next());
	time += 10 * SILENCE;
	assert.equal(signs.isSilent, false);
	signs.next();
	time += SILENCE;
	const late = signs.next();
	assert.equal(signs.isSilent, false);
	time += 1;
	assert.equal(signs.isSilent, true);
	signs.heard(late);
	assert.equal(signs.isSilent, false);
});

test('a new connection has heard nothing yet', () => {
	let time = 0;
	const signs = new SignsOfLife(() => time);
	const before = signs.next();
	time += 2 * SILENCE;
	signs.clear();
	assert.deepEqual([signs.isSilent, signs.isHeard], [false, false]);
	signs.heard(before);
	assert.equal(signs.isHeard, false);
});
