import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestClock, type TestRealtime, testRealtime } from 'zastro-websockets-node/testing';

const lobby = { room: 'lobby' };
let site: TestRealtime;

beforeEach(async () => {
	site = await testRealtime();
});
afterEach(() => site.close());

test('everyone in the room gets what one says', async () => {
	const ada = await site.as({ id: 'ada', name: 'Ada' }).channels.rooms(lobby).join();
	const eve = await site.as({ id: 'eve', name: 'Eve' }).channels.rooms(lobby).join();
	await ada.send('say', { text: ' hello ' });
	expect(await eve.next('said')).toEqual({ by: 'Ada', text: 'hello' });
});

test('an empty message is refused', async () => {
	const ada = await site.as({ id: 'ada', name: 'Ada' }).channels.rooms(lobby).join();
	await expect(ada.send('say', { text: '' })).rejects.toMatchObject({ isInputError: true });
	expect(ada.received).toEqual([]);
});

test('the cookie names the visitor, and nobody else may join', async () => {
	const ada = await site
		.visit({ cookies: { name: 'Ada' } })
		.channels.rooms(lobby)
		.join();
	await ada.send('say', { text: 'hello' });
	expect(await ada.next('said')).toEqual({ by: 'Ada', text: 'hello' });
	const stranger = site.visit().channels.rooms(lobby).join();
	await expect(stranger).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('nobody misses a message while the connection is lost', async () => {
	const client = site.as({ id: 'ada', name: 'Ada' });
	const ada = await client.channels.rooms(lobby).join();
	client.drop();
	await site.channels.rooms(lobby).publish('said', { by: 'Eve', text: 'are you there?' });
	expect(await ada.next('said')).toEqual({ by: 'Eve', text: 'are you there?' });
});

test('a restart of the server is told', async () => {
	const ada = await site.as({ id: 'ada', name: 'Ada' }).channels.rooms(lobby).join();
	await ada.send('say', { text: 'hello' });
	await site.kill();
	expect(await ada.nextGap()).toMatchObject({ reason: 'restarted' });
});

test('who closes the page leaves after five seconds', async () => {
	const clock = new TestClock();
	const timed = await testRealtime({ clock });
	const client = timed.as({ id: 'ada', name: 'Ada' });
	await client.channels.rooms(lobby).join({ presence: { typing: true } });
	const eve = await timed.as({ id: 'eve', name: 'Eve' }).channels.rooms(lobby).join();
	await clock.advance(1000);
	expect(eve.presence.value).toMatchObject([{ id: 'ada', data: { name: 'Ada', typing: true } }]);
	client.closePage();
	await clock.advance(4000);
	expect(eve.presence.value).toHaveLength(1);
	await clock.advance(2000);
	expect(eve.presence.value).toEqual([]);
	await timed.close();
});
