import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Credits } from './credits.ts';

const KIB = 1024;

test('a credit is due after each 256 KiB, once', () => {
	const credits = new Credits();
	credits.add(256 * KIB - 1);
	assert.equal(credits.takeDue(), undefined);
	credits.add(1);
	assert.equal(credits.takeDue(), 256 * KIB);
	assert.equal(credits.takeDue(), undefined);
	credits.add(256 * KIB);
	assert.equal(credits.takeDue(), 512 * KIB);
});

test('a repeated count acknowledges everything before it', () => {
	const credits = new Credits();
	credits.add(300 * KIB);
	const first = credits.takeDue();
	credits.add(300 * KIB);
	const second = credits.takeDue();
	assert.ok(first !== undefined && second !== undefined);
	assert.equal(credits.isSlow, true);
	assert.equal(credits.acknowledge(second), true);
	assert.equal(credits.unacknowledged, 0);
	assert.equal(credits.acknowledge(first), false);
	assert.equal(credits.unacknowledged, 0);
});

test('a count that was not asked for acknowledges nothing', () => {
	const credits = new Credits();
	credits.add(2048 * KIB);
	credits.takeDue();
	for (const count of [1, 256 * KIB, Number.MAX_SAFE_INTEGER]) {
		assert.equal(credits.acknowledge(count), false);
	}
	assert.equal(credits.isExhausted, true);
});

test('a restored connection goes on with what its client has not acknowledged', () => {
	const credits = new Credits();
	credits.add(300_000);
	const asked = credits.takeDue();
	credits.add(60_000);
	assert.equal(credits.isUnkept, true);
	const restored = new Credits(JSON.parse(JSON.stringify(credits.record())));
	assert.equal(credits.isUnkept, false);
	assert.equal(restored.unacknowledged, 360_000);
	assert.equal(restored.takeDue(), undefined);
	assert.equal(restored.acknowledge(Number(asked)), true);
	assert.equal(restored.unacknowledged, 60_000);
	restored.add(300_000);
	assert.equal(restored.takeDue(), 660_000);
});
