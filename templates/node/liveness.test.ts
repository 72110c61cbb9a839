import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { beforeEach, mock, test } from 'node:test';
import { WEBSOCKET_DEFAULTS } from '../shared/options.ts';
import { Liveness } from './liveness.ts';

let now = 0;

/** Lets time pass, timers and clock alike. */
function pass(milliseconds: number): void {
	for (const end = now + milliseconds; now < end; ) {
		now += 1;
		mock.timers.tick(1);
	}
}

class FakeWire extends EventEmitter {
	cork(): void {}
	uncork(): void {}
	readonly writableLength = 0;
	write(): void {}
}

interface Bench {
	readonly seen: string[];
	readonly liveness: Liveness;
	isPaused: boolean;
	hear(): void;
}

function bench(heartbeatInterval: number, idleTimeout: number): Bench {
	const wire = new FakeWire();
	const seen: string[] = [];
	const settings = { ...WEBSOCKET_DEFAULTS, heartbeatInterval, idleTimeout };
	const silence = {
		isPaused: () => bench.isPaused,
		ping: () => seen.push('ping'),
		onDead: () => seen.push('dead'),
		onIdle: () => seen.push('idle'),
	};
	const liveness = new Liveness(wire, settings, silence, () => now);
	const bench: Bench = { seen, liveness, isPaused: false, hear: () => wire.emit('data') };
	return bench;
}

beforeEach(() => {
	now = 0;
	mock.timers.reset();
	mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
});

test('a peer that answers is pinged again and again', () => {
	const { seen, hear } = bench(100, 0);
	for (let beat = 0; beat < 3; beat++) {
		pass(100);
		hear();
	}
	assert.deepEqual(seen, ['ping', 'ping', 'ping']);
});

test('a peer that was not heard since the last ping is dead at the next', () => {
	const { seen } = bench(100, 0);
	pass(100);
	assert.deepEqual(seen, ['ping']);
	pass(100);
	assert.deepEqual(seen, ['ping', 'dead']);
});

test('a peer whose input is paused is not taken for dead', () => {
	const paused = bench(100, 50);
	paused.isPaused = true;
	pass(300);
	assert.deepEqual(paused.seen, ['ping', 'ping', 'ping']);
});

test('an idle peer is found, and any input puts it off', () => {
	const { seen, hear } = bench(0, 100);
	pass(90);
	hear();
	pass(90);
	assert.deepEqual(seen, []);
	pass(10);
	assert.deepEqual(seen, ['idle']);
});

test('the idle timeout is on beside a slower heartbeat', () => {
	const { seen } = bench(100, 150);
	pass(150);
	assert.deepEqual(seen, ['ping', 'idle']);
});

test('zero switches both off, and so does the end', () => {
	const off = bench(0, 0);
	const stopped = bench(100, 100);
	stopped.liveness.stop();
	pass(1000);
	assert.deepEqual([off.seen, stopped.seen], [[], []]);
});
