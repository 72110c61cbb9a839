import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureOf, placeOf } from './failures.ts';

const ROOT = new URL('file:///site/');

test('the place of an error is the first line of the site itself', () => {
	const stack = `Error: no
    at parse (node:internal/url:1:2)
    at check (/site/node_modules/zod/index.js:3:4)
    at async handler (/site/src/realtime/rooms/[room].ts:12:9)
    at GET (/site/src/pages/index.ts:5:6)`;
	assert.deepEqual(placeOf(stack, ROOT), {
		file: '/site/src/realtime/rooms/[room].ts',
		shown: 'src/realtime/rooms/[room].ts',
		line: 12,
		column: 9,
	});
});

test('the place is found in the stacks of workerd, with URLs and queries', () => {
	for (const line of [
		'at /site/src/a.ts:3:5',
		'at handler (file:///site/src/a.ts:3:5)',
		'at async handler (/site/src/a.ts?v=1:3:5)',
		'at Object.handler (/src/a.ts:3:5)',
	]) {
		const place = placeOf(`Error: no\n    ${line}`, ROOT);
		assert.deepEqual([place?.shown, place?.line, place?.column], ['src/a.ts', 3, 5], line);
	}
});

test('an error without a line of the site has no place', () => {
	assert.equal(placeOf('Error: no\n    at /elsewhere/a.ts:1:2', ROOT), undefined);
	assert.equal(placeOf(undefined, ROOT), undefined);
});

test('what is thrown may be anything, and its stack stays as it is', () => {
	const vite = (error: Error): void => {
		error.stack = 'Error: no\n    at /site/src/a.ts:1:1';
	};
	const error = new TypeError('no');
	const { stack } = error;
	const failure = failureOf('A handler failed', error, vite, ROOT);
	assert.equal(failure.text, 'TypeError: no');
	assert.equal(failure.place?.line, 1);
	assert.equal(error.stack, stack);
	assert.equal(failureOf('A handler failed', 'no', vite, ROOT).text, 'no');
	const unprintable = {
		toString: () => {
			throw error;
		},
	};
	assert.match(failureOf('A handler failed', unprintable, vite, ROOT).text, /cannot be printed/);
});
