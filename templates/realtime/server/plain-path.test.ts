import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathSegments } from './plain-path.ts';

test('reads the decoded values after the endpoint', () => {
	assert.deepEqual(pathSegments('/_realtime/teams/red/rooms/a%20b'), [
		'teams',
		'red',
		'rooms',
		'a b',
	]);
	assert.deepEqual(pathSegments('/base/_realtime/rooms/%C3%A4'), ['rooms', 'ä']);
	assert.deepEqual(pathSegments('/_realtime/rooms/...'), ['rooms', '...']);
});

test('leaves out the slash that ends all paths of a site', () => {
	assert.deepEqual(pathSegments('/_realtime/rooms/a/', true), ['rooms', 'a']);
	assert.equal(pathSegments('/_realtime/rooms//', true), undefined);
	assert.equal(pathSegments('/_realtime/', true), undefined);
});

for (const path of [
	'/_realtime',
	'/_realtime/',
	'/_realtime/rooms/',
	'/_realtime/rooms//a',
	'/_realtime/rooms/.',
	'/_realtime/rooms/%2e%2e',
	'/_realtime/rooms/a%2Fb',
	'/_realtime/rooms/a%5Cb',
	'/_realtime/rooms/%',
	'/_realtime/rooms/%ff',
]) {
	test(`reads no values from ${path}`, () => {
		assert.equal(pathSegments(path), undefined);
	});
}
