import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { SocketMessageEvent } from '../../socket/message-event.ts';
import './printed-event.ts';

test('a message event can be printed', () => {
	assert.match(inspect(new SocketMessageEvent('hello')), /type: 'message'.*data: 'hello'/s);
});
