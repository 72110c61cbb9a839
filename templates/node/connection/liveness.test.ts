import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { WEBSOCKET_DEFAULTS } from '../../options/options.ts';
import { Liveness, type MonitoredConnection } from './liveness.ts';

let now = 0;

/** Advances the timers and the clock. */
function pass(milliseconds: number): void {
	for (const end = now + milliseconds; now < end; ) {
		now += 1;
		mock.timers.tick(1);
	}
}

class FakeConnection implements MonitoredConnection {
	wasHeard = false;
	heardAt = 0;
	beatAt = 0;
	isAwaited = false;
	isPaused = false;
	readonly seen: string[] = [];

	/** Records a call with its approximate time, in steps of 100/16 ms. */
	#note(what: string): void {
		this.seen.push(`${what} ${Math.floor(now / 6.25)}`);
	}

	ping(): void {
		this.#note('ping');
	}

	onDead(): void {
		this.#note('dead');
	}

	onIdle(): void {
		this.#note('idle');
	}
}

interface Bench {
	readonly connection: FakeConnection;
	readonly liveness: Liveness;
}

function bench(heartbeatInterval: number, idleTimeout: number): Bench {
	const settings = { ...WEBSOCKET_DEFAULTS, heartbeatInterval, idleTimeout };
	const liveness = new Liveness(settings, () => now);
	const connection = new FakeConnection();
	liveness.watch(connection);
	return { connection, liveness };
}

/** The recorded calls without their time. */
function words({ connection }: Bench): (string | undefined)[] {
	return connection.seen.map((word) => word.split(' ')[0]);
}

beforeEach(() => {
	now = 0;
	mock.timers.reset();
	mock.timers.enable({ apis: ['setInterval', 'setTimeout', 'setImmediate'] });
});

test('a peer that answers is pinged repeatedly', () => {
	const peer = bench(100, 0);
	for (let beat = 0; beat < 3; beat++) {
		pass(102);
		peer.connection.wasHeard = true;
	}
	assert.deepEqual(peer.connection.seen, ['ping 16', 'ping 32', 'ping 48']);
});

test('a peer without input since the last ping is dead at the next one', () => {
	const peer = bench(100, 0);
	pass(102);
	assert.deepEqual(peer.connection.seen, ['ping 16']);
	pass(96);
	assert.deepEqual(words(peer), ['ping']);
	pass(12);
	assert.deepEqual(words(peer).slice(0, 2), ['ping', 'dead']);
});

test('input before a ping does not count as its answer', () => {
	const peer = bench(100, 0);
	pass(99);
	peer.connection.wasHeard = true;
	pass(111);
	assert.deepEqual(words(peer).slice(0, 2), ['ping', 'dead']);
});

test('a paused peer is pinged, and not considered dead', () => {
	const paused = bench(100, 0);
	paused.connection.isPaused = true;
	pass(320);
	assert.deepEqual(words(paused), ['ping', 'ping', 'ping']);
});

test('a peer paused for the idle timeout is idle', () => {
	const paused = bench(0, 100);
	paused.connection.isPaused = true;
	pass(90);
	assert.deepEqual(words(paused), []);
	pass(20);
	assert.equal(words(paused)[0], 'idle');
});

test('input before the pause restarts the idle timeout', () => {
	const paused = bench(0, 100);
	pass(90);
	paused.connection.wasHeard = true;
	paused.connection.isPaused = true;
	pass(90);
	assert.deepEqual(words(paused), []);
	pass(30);
	assert.equal(words(paused)[0], 'idle');
});

/** The period of the checks for a heartbeat of 100 ms. */
const PERIOD = 6;

/** A stall of the process: all timers are due at its end, and received data is read after them. */
function stall(milliseconds: number, read = (): void => {}): void {
	// It is due with the next check, and was set later.
	setTimeout(read, PERIOD - (now % PERIOD));
	now += milliseconds;
	mock.timers.tick(milliseconds);
}

test('a stall of the process does not count as silence of the peer', () => {
	const peer = bench(0, 100);
	pass(50);
	stall(1000);
	assert.deepEqual(words(peer), []);
	pass(60);
	assert.equal(words(peer)[0], 'idle');
});

test('an answer received during a stall is read before the peer is judged', () => {
	const peer = bench(100, 0);
	pass(195);
	assert.deepEqual(words(peer), ['ping']);
	stall(1000, () => {
		peer.connection.wasHeard = true;
	});
	pass(10);
	assert.deepEqual(words(peer), ['ping', 'ping']);
});

test('an idle peer is found at most a sixteenth late, and any input restarts the timeout', () => {
	const peer = bench(0, 100);
	pass(90);
	peer.connection.wasHeard = true;
	pass(99);
	assert.deepEqual(peer.connection.seen, []);
	pass(14);
	assert.equal(words(peer)[0], 'idle');
});

test('the idle timeout works next to a heartbeat', () => {
	const peer = bench(100, 150);
	pass(156);
	assert.deepEqual(words(peer).slice(0, 2), ['ping', 'idle']);
});

test('zero disables both, and so does leaving', () => {
	const off = bench(0, 0);
	const left = bench(100, 100);
	left.liveness.leave(left.connection);
	pass(1000);
	assert.deepEqual([off.connection.seen, left.connection.seen], [[], []]);
});

test('connections opened at different times are pinged at different times', () => {
	const { connection: first, liveness } = bench(100, 0);
	pass(50);
	const second = new FakeConnection();
	liveness.watch(second);
	pass(103);
	assert.deepEqual([first.seen, second.seen], [['ping 16'], ['ping 24']]);
});
