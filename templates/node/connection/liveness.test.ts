import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { WEBSOCKET_DEFAULTS } from '../../options/options.ts';
import { Liveness, type MonitoredConnection } from './liveness.ts';

let now = 0;

/** Lets time pass, timers and clock alike. */
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

	/** What happened, and about when: the time in steps of a sixteenth of 100. */
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

/** What happened, without the time. */
function words({ connection }: Bench): (string | undefined)[] {
	return connection.seen.map((word) => word.split(' ')[0]);
}

beforeEach(() => {
	now = 0;
	mock.timers.reset();
	mock.timers.enable({ apis: ['setInterval', 'setTimeout', 'setImmediate'] });
});

test('a peer that answers is pinged again and again', () => {
	const peer = bench(100, 0);
	for (let beat = 0; beat < 3; beat++) {
		pass(102);
		peer.connection.wasHeard = true;
	}
	assert.deepEqual(peer.connection.seen, ['ping 16', 'ping 32', 'ping 48']);
});

test('a peer that was not heard since the last ping is dead at the next', () => {
	const peer = bench(100, 0);
	pass(102);
	assert.deepEqual(peer.connection.seen, ['ping 16']);
	pass(96);
	assert.deepEqual(words(peer), ['ping']);
	pass(12);
	assert.deepEqual(words(peer).slice(0, 2), ['ping', 'dead']);
});

test('what was heard before a ping does not count as its answer', () => {
	const peer = bench(100, 0);
	pass(99);
	peer.connection.wasHeard = true;
	pass(111);
	assert.deepEqual(words(peer).slice(0, 2), ['ping', 'dead']);
});

test('a peer that is not read is pinged, and not taken for dead', () => {
	const paused = bench(100, 0);
	paused.connection.isPaused = true;
	pass(320);
	assert.deepEqual(words(paused), ['ping', 'ping', 'ping']);
});

test('a peer that is not read for the idle timeout is idle', () => {
	const paused = bench(0, 100);
	paused.connection.isPaused = true;
	pass(90);
	assert.deepEqual(words(paused), []);
	pass(20);
	assert.equal(words(paused)[0], 'idle');
});

test('what was read before the pause puts the idle timeout off', () => {
	const paused = bench(0, 100);
	pass(90);
	paused.connection.wasHeard = true;
	paused.connection.isPaused = true;
	pass(90);
	assert.deepEqual(words(paused), []);
	pass(30);
	assert.equal(words(paused)[0], 'idle');
});

/** How often a heartbeat of 100 is looked at. */
const PERIOD = 6;

/** A stall: all timers are due at its end, and what has arrived is read behind them. */
function stall(milliseconds: number, read = (): void => {}): void {
	// It becomes due with the next look, and was set later.
	setTimeout(read, PERIOD - (now % PERIOD));
	now += milliseconds;
	mock.timers.tick(milliseconds);
}

test('a stall of the process is no silence of the peer', () => {
	const peer = bench(0, 100);
	pass(50);
	stall(1000);
	assert.deepEqual(words(peer), []);
	pass(60);
	assert.equal(words(peer)[0], 'idle');
});

test('an answer that arrived during a stall is read before the peer is judged', () => {
	const peer = bench(100, 0);
	pass(195);
	assert.deepEqual(words(peer), ['ping']);
	stall(1000, () => {
		peer.connection.wasHeard = true;
	});
	pass(10);
	assert.deepEqual(words(peer), ['ping', 'ping']);
});

test('an idle peer is found a sixteenth late at most, and any input puts it off', () => {
	const peer = bench(0, 100);
	pass(90);
	peer.connection.wasHeard = true;
	pass(99);
	assert.deepEqual(peer.connection.seen, []);
	pass(14);
	assert.equal(words(peer)[0], 'idle');
});

test('the idle timeout is on beside a slower heartbeat', () => {
	const peer = bench(100, 150);
	pass(156);
	assert.deepEqual(words(peer).slice(0, 2), ['ping', 'idle']);
});

test('zero switches both off, and so does the end', () => {
	const off = bench(0, 0);
	const left = bench(100, 100);
	left.liveness.leave(left.connection);
	pass(1000);
	assert.deepEqual([off.connection.seen, left.connection.seen], [[], []]);
});

test('connections that began at different times are pinged at different times', () => {
	const { connection: first, liveness } = bench(100, 0);
	pass(50);
	const second = new FakeConnection();
	liveness.watch(second);
	pass(103);
	assert.deepEqual([first.seen, second.seen], [['ping 16'], ['ping 24']]);
});
