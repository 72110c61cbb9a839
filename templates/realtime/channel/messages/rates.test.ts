import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MESSAGE_BURST, MESSAGES_PER_SECOND } from '../limits.ts';
import { type MessageRate, MessageRates } from './rates.ts';

/** Milliseconds after which a user who sent a burst may send one again. */
const REFILL = (MESSAGE_BURST / MESSAGES_PER_SECOND) * 1000;

function newcomers(rates: MessageRates, count: number, now: number): MessageRate[] {
	return Array.from({ length: count }, (_, index) => {
		const rate = rates.of(`newcomer ${now} ${index}`, now);
		rate.take(now, MESSAGE_BURST);
		return rate;
	});
}

test('whoever sends now and then keeps a rate while some others do the same', () => {
	const rates = new MessageRates();
	const ada = rates.of('ada', 0);
	ada.take(0);
	for (let now = 1000; now < 100_000; now += 1000) {
		for (const id of ['bob', 'cleo', 'ada']) rates.of(id, now).take(now);
	}
	assert.equal(ada.isForgotten, false);
	assert.equal(rates.of('ada', 100_000), ada);
});

test('a rate that is used up is never forgotten for newcomers', () => {
	const rates = new MessageRates();
	const ada = rates.of('ada', 0);
	assert.equal(ada.take(0, MESSAGE_BURST), 0);
	newcomers(rates, 10_000, 0);
	assert.equal(ada.isForgotten, false);
	assert.ok(rates.of('ada', 0).take(0) > 0);
});

test('the rates of those who left do not pile up', () => {
	const rates = new MessageRates();
	const all: MessageRate[] = [];
	for (let wave = 0; wave < 50; wave++) all.push(...newcomers(rates, 100, wave * REFILL));
	const kept = all.filter(({ isForgotten }) => !isForgotten);
	assert.ok(kept.length <= 300, `${kept.length} are kept`);
});
