import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Notices } from './notices.ts';

const MINUTE = 60_000;

test('the first notice of a kind is logged at once, and the next after ten minutes', () => {
	const logged: string[] = [];
	const notices = new Notices((text) => logged.push(text));
	notices.tell('a', 'First.', 0);
	notices.tell('b', 'Another kind.', 0);
	for (let minute = 1; minute < 10; minute++) notices.tell('a', 'Again.', minute * MINUTE);
	assert.deepEqual(logged, ['First.', 'Another kind.']);
	notices.tell('a', 'Later.', 10 * MINUTE);
	notices.tell('a', 'Again.', 11 * MINUTE);
	assert.deepEqual(logged.slice(2), ['Later. 9 more since the last such line.']);
});
