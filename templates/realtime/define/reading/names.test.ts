import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createChannels } from '../../client/channels.ts';
import { isObjectMember, isReserved } from './names.ts';
import { nearest, suggestion } from './suggestion.ts';

test('finds the nearest name, and none where all are too different', () => {
	const names = ['authorize', 'anonymous', 'messages', 'events'];
	assert.equal(nearest('autorise', names), 'authorize');
	assert.equal(nearest('Messages', names), 'messages');
	assert.equal(nearest('event', names), 'events');
	assert.equal(nearest('handler', names), undefined);
	assert.equal(nearest('a', []), undefined);
});

test('suggests the nearest name or lists all', () => {
	assert.equal(suggestion('sizes', ['size', 'ttl']), 'Did you mean `size`?');
	assert.equal(suggestion('length', ['size', 'ttl']), 'Use one of `size`, `ttl`.');
	assert.equal(suggestion('size', []), 'There are none.');
});

test('reserves the names that a folder or a file cannot have', () => {
	for (const name of ['constructor', '__proto__', 'toString']) {
		assert.deepEqual([isReserved(name), isObjectMember(name)], [true, true], name);
	}
	for (const name of ['name', 'call', 'then', 'toJSON', 'prototype', '$$typeof']) {
		assert.deepEqual([isReserved(name), isObjectMember(name)], [true, false], name);
	}
	for (const name of ['rooms', '$rooms']) assert.equal(isReserved(name), false, name);
});

test('reserves the names that a client cannot reach, and no others', () => {
	const channels = createChannels((name) => name as never) as Record<string, () => unknown>;
	const isReached = (name: string): boolean => {
		try {
			return channels[name]?.() === name;
		} catch {
			return false;
		}
	};
	const members = [Function.prototype, Object.prototype].flatMap(Object.getOwnPropertyNames);
	const others = ['then', 'toJSON', 'prototype', '$$typeof', '$rooms', 'rooms', 'Then', '404'];
	for (const name of [...members, ...others]) {
		assert.equal(isReached(name), !isReserved(name), name);
	}
});
