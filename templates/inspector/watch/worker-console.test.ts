import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILED_IN_WORKER, type WorkerFailure } from '../report/events.ts';
import { WORKER_CONSOLE } from './worker-console.ts';

test('an error that a Worker logs with a message is told once, also after an edit', () => {
	const logged: unknown[][] = [];
	const sent: [string, WorkerFailure][] = [];
	const console = { error: (...values: unknown[]) => logged.push(values) };
	const hot = { send: (event: string, failure: WorkerFailure) => sent.push([event, failure]) };
	const run = new Function(
		'console',
		'globalThis',
		'hot',
		WORKER_CONSOLE.replace('import.meta.hot', 'hot'),
	);
	const global = {};
	run(console, global, hot);
	run(console, global, hot);
	const error = new TypeError('no');
	console.error('A handler failed', error);
	console.error('only a text');
	console.error(error);
	assert.deepEqual(logged, [['A handler failed', error], ['only a text'], [error]]);
	const { stack = '' } = error;
	assert.deepEqual(sent, [
		[FAILED_IN_WORKER, { message: 'A handler failed', error: { text: 'TypeError: no', stack } }],
	]);
});

test('outside of a dev server the console stays as it is', () => {
	const console = { error: (): void => {} };
	const { error } = console;
	const run = new Function('console', 'hot', WORKER_CONSOLE.replace('import.meta.hot', 'hot'));
	run(console, undefined);
	assert.equal(console.error, error);
});
