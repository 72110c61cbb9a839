import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { Link } from '../../realtime/channel/ports.ts';
import { NodeHost } from './host.ts';

const host = new NodeHost(() => {});

test('makes random text of letters and digits, and secrets of 128 bits', () => {
	const text = host.random(5000);
	assert.match(text, /^[a-z0-9]{5000}$/);
	assert.equal(new Set(text).size, 36);
	assert.match(host.secret(), /^[\w-]{22}$/);
	assert.notEqual(host.secret(), host.secret());
});

test('calls an alarm once, and not after it was cancelled', () => {
	mock.timers.enable({ apis: ['setTimeout'] });
	const called: string[] = [];
	host.alarm(1000, () => called.push('first'));
	host.alarm(1000, () => called.push('second'))();
	mock.timers.tick(999);
	assert.deepEqual(called, []);
	mock.timers.tick(5000);
	assert.deepEqual(called, ['first']);
	mock.timers.reset();
});

test('does not call an alarm of a month at once', () => {
	mock.timers.enable({ apis: ['setTimeout'] });
	let isCalled = false;
	const cancel = host.alarm(2 ** 31 + 1000, () => {
		isCalled = true;
	});
	mock.timers.tick(1000);
	assert.equal(isCalled, false);
	mock.timers.tick(2 ** 31);
	assert.equal(isCalled, false, 'the clock of the process has not moved');
	cancel();
	mock.timers.reset();
});

test('writes a frame to each socket that takes it, and counts it', () => {
	const sent: string[] = [];
	const link = (name: string, isSlow = false): Link => {
		const socket = { readyState: 1, send: (content: unknown) => sent.push(`${name} ${content}`) };
		return {
			session: { secret: '', id: name },
			send: () => sent.push(`${name} alone`),
			ready: () => undefined,
			...{
				admit: () => (isSlow ? undefined : socket),
				written: () => sent.push(`${name} written`),
			},
		};
	};
	const frame = { content: 'frame', size: 5, isEphemeral: false };
	host.broadcast([link('a'), link('b', true), link('c')], frame);
	assert.deepEqual(sent, ['a frame', 'c frame', 'a written', 'c written']);
});

test('reports work that fails', async () => {
	const reports: unknown[] = [];
	new NodeHost((message, error) => reports.push([message, String(error)])).waitUntil(
		Promise.reject(new Error('oops')),
	);
	await new Promise(setImmediate);
	assert.deepEqual(reports, [['A realtime channel failed', 'Error: oops']]);
});
