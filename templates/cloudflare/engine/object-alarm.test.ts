import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled } from '../../realtime/channel/channel.fixture.ts';
import { EngineStage } from './engine.fixture.ts';

test('the alarm is set for the earliest deadline, and for no later one', async () => {
	const stage = new EngineStage();
	const alarm = await stage.alarm();
	const now = stage.host.now();
	alarm.ringBy(now + 5000);
	alarm.ringBy(now + 9000);
	assert.equal(stage.storage.alarm, now + 5000);
	alarm.ringBy(now + 1000);
	assert.equal(stage.storage.alarm, now + 1000);
	assert.equal(stage.storage.written, 2);
});

test('a new instance of the object knows when the alarm rings', async () => {
	const stage = new EngineStage();
	const now = stage.host.now();
	(await stage.alarm()).ringBy(now + 1000);
	const woken = await stage.alarm();
	woken.ringBy(now + 2000);
	assert.equal(stage.storage.alarm, now + 1000);
});

test('wakes are called in their time, whatever else the alarm rings for', async () => {
	const stage = new EngineStage();
	const alarm = await stage.alarm();
	const called: number[] = [];
	for (const after of [3000, 1000, 2000]) alarm.wakeAfter(after, () => called.push(after));
	const cancel = alarm.wakeAfter(1500, () => called.push(1500));
	cancel();
	// Too early, and twice.
	alarm.rang(() => {});
	alarm.rang(() => {});
	assert.deepEqual(called, []);
	await stage.advance(2000, () => alarm.rang(() => {}));
	assert.deepEqual(called, [1000, 2000]);
	await stage.advance(1000, () => alarm.rang(() => {}));
	assert.deepEqual(called, [1000, 2000, 3000]);
	assert.equal(stage.storage.alarm, null);
});

test('a deadline that is too far for the runtime sets no alarm', async () => {
	const stage = new EngineStage();
	const alarm = await stage.alarm();
	alarm.wakeAfter(Number.MAX_SAFE_INTEGER, () => assert.fail('it is due'));
	await settled();
	assert.equal(stage.storage.alarm, null);
	const now = stage.host.now();
	alarm.ringBy(now + 1000);
	await settled();
	alarm.ringBy(now + 2000);
	assert.equal(stage.storage.alarm, now + 1000);
	await stage.advance(1000, () => alarm.rang(() => {}));
	assert.equal(stage.storage.alarm, null);
	assert.deepEqual(stage.host.reports, []);
});

test('an alarm that could not be set is set again, and reported', async () => {
	const stage = new EngineStage();
	const alarm = await stage.alarm();
	const { storage } = stage;
	const setAlarm = storage.setAlarm.bind(storage);
	storage.setAlarm = () => Promise.reject(new Error('oops'));
	alarm.ringBy(stage.host.now() + 1000);
	await settled();
	storage.setAlarm = setAlarm;
	alarm.ringBy(stage.host.now() + 2000);
	assert.equal(storage.alarm, stage.host.now() + 2000);
	assert.equal(stage.host.reports.length, 1);
});

test('a ring sets the next alarm once, also if a part of it throws', async () => {
	const stage = new EngineStage();
	const alarm = await stage.alarm();
	const now = stage.host.now();
	alarm.rang(() => {
		for (const after of [9000, 5000, 7000]) alarm.ringBy(now + after);
	});
	assert.equal(stage.storage.alarm, now + 5000);
	assert.equal(stage.storage.written, 1);
	assert.throws(() =>
		alarm.rang(() => {
			alarm.ringBy(now + 3000);
			throw new Error('oops');
		}),
	);
	assert.equal(stage.storage.alarm, now + 3000);
});
