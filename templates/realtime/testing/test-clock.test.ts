import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { machineClock, TestClock } from './test-clock.ts';

describe('A clock of a test', () => {
	it('calls what is due in the order of its time, and at that time', async () => {
		const clock = new TestClock(1000);
		const called: unknown[] = [];
		clock.after(20, () => called.push(['second', clock.now()]));
		clock.after(10, () => {
			called.push(['first', clock.now()]);
			clock.after(5, () => called.push(['between', clock.now()]));
		});
		clock.after(31, () => called.push('too late'));
		await clock.advance(30);
		assert.deepEqual(called, [
			['first', 1010],
			['between', 1015],
			['second', 1020],
		]);
		assert.equal(clock.now(), 1030);
	});

	it('lets what awaits go on before the next is due', async () => {
		const clock = new TestClock();
		const called: string[] = [];
		clock.after(10, async () => {
			await new Promise((resolve) => setTimeout(resolve, 0));
			called.push('first');
		});
		clock.after(10, () => called.push('second'));
		await clock.advance(10);
		assert.deepEqual(called, ['first', 'second']);
	});

	it('does not call what was cancelled', async () => {
		const clock = new TestClock();
		const cancel = clock.after(10, () => assert.fail('called'));
		cancel();
		await clock.advance(10);
	});

	it('shows another time after a jump, and nothing is due', async () => {
		const clock = new TestClock(1000);
		let isCalled = false;
		clock.after(10, () => {
			isCalled = true;
		});
		clock.jump(-500);
		assert.equal(clock.now(), 500);
		clock.jump(60_000);
		await clock.advance(9);
		assert.equal(isCalled, false);
		await clock.advance(1);
		assert.equal(isCalled, true);
	});
});

describe('The clock of the machine', () => {
	it('waits for more than timers can', (context) => {
		context.mock.timers.enable({ apis: ['setTimeout'] });
		const month = 30 * 24 * 3600 * 1000;
		let isCalled = false;
		machineClock.after(month, () => {
			isCalled = true;
		});
		const cancel = machineClock.after(month, () => assert.fail('called'));
		const longest = 2 ** 31 - 1;
		context.mock.timers.tick(longest);
		context.mock.timers.tick(month - longest - 1);
		assert.equal(isCalled, false);
		cancel();
		context.mock.timers.tick(1);
		assert.equal(isCalled, true);
	});
});
