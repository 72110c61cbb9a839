// Runs in workerd, with the channels of `examples/chat`.

import { channels, socket } from 'zastro:realtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TestRealtime, testRealtime } from 'zastro-websockets-cloudflare/testing';

const lobby = { room: 'lobby' };
const ada = { id: 'ada', name: 'Ada' };
const eve = { id: 'eve', name: 'Eve' };
let site: TestRealtime;

interface UntypedTestChannels {
	strokes(): { join(): Promise<UntypedTestRoom> };
}

interface UntypedTestRoom {
	send(message: string, data?: unknown): Promise<unknown>;
	next(event: string, options?: { timeout: number }): Promise<unknown>;
}

beforeEach(async () => {
	// The machine may be busy.
	site = await testRealtime({ timeout: 10_000 });
});
afterEach(() => site.close());

function connections(): number {
	return site.log.filter((line) => line.endsWith(': connecting')).length;
}

test('a site begins without the messages of the one before', async () => {
	for (const count of [1, 1]) {
		await channels.rooms(lobby).publish('said', { by: 'Eve', text: 'hello' });
		expect((await channels.rooms(lobby).history()).messages).toHaveLength(count);
		await site.close();
	}
});

test('connections stay open while the objects hibernate', async () => {
	const room = await site.as(ada).channels.rooms(lobby).join();
	await room.send('say', { text: 'one' });
	await site.hibernate();
	await room.send('say', { text: 'two' });
	expect(room.received.map(({ data }) => data.text)).toEqual(['one', 'two']);
	expect(connections()).toBe(1);
});

for (const fault of ['evict', 'kill'] as const) {
	test(`clients continue without a gap after ${fault}()`, async () => {
		const room = await site.as(ada).channels.rooms(lobby).join();
		await room.send('say', { text: 'one' });
		await site[fault]();
		await room.send('say', { text: 'two' });
		expect(room.received.map(({ data }) => data.text)).toEqual(['one', 'two']);
		expect(connections()).toBe(2);
	});
}

test('a dropped client gets what it missed', async () => {
	const client = site.as(ada);
	const room = await client.channels.rooms(lobby).join();
	client.drop();
	await channels.rooms(lobby).publish('said', { by: 'Eve', text: 'away' });
	expect(await room.next('said')).toEqual({ by: 'Eve', text: 'away' });
});

test('a cut line holds everything back until it heals', async () => {
	const client = site.as(ada);
	const room = await client.channels.rooms(lobby).join();
	client.partition();
	await channels.rooms(lobby).publish('said', { by: 'Eve', text: 'late' });
	await site.settled();
	expect(room.received).toEqual([]);
	client.heal();
	expect(await room.next('said')).toEqual({ by: 'Eve', text: 'late' });
});

test('a trimmed channel tells the gap', async () => {
	const client = site.as(ada);
	const room = await client.channels.rooms(lobby).join();
	client.drop();
	await channels.rooms(lobby).publish('said', { by: 'Eve', text: 'lost' });
	await site.trim('rooms', lobby);
	expect(await room.nextGap()).toMatchObject({ reason: 'trimmed' });
});

test('a channel without messages can be trimmed', async () => {
	await site.trim('rooms', lobby);
	expect((await channels.rooms(lobby).history()).messages).toEqual([]);
});

test('wrong ids are refused before they reach an object', async () => {
	const nobody = undefined as unknown as string;
	await expect(channels.rooms(lobby).disconnect(nobody)).rejects.toThrow(/got: undefined/);
	await expect(channels.rooms(lobby).history({ since: nobody })).resolves.toBeDefined();
	await expect(channels.rooms(lobby).history({ since: null as never })).rejects.toThrow(
		/got: null/,
	);
	expect(() => socket.to(nobody)).toThrow(/got: undefined/);
});

test('authenticate names the visitor, and strangers are refused', async () => {
	const room = await site
		.visit({ cookies: { name: 'Ada' } })
		.channels.rooms(lobby)
		.join();
	await room.send('say', { text: 'hello' });
	expect(await room.next('said')).toEqual({ by: 'Ada', text: 'hello' });
	const refused = site.visit().channels.rooms(lobby).join();
	await expect(refused).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('presence and messages to users go through their objects', async () => {
	const client = site.as(ada);
	await client.channels.rooms(lobby).join({ presence: { typing: true } });
	const room = await site.as(eve).channels.rooms(lobby).join();
	const [member] = await site.until(room.presence, ({ length }) => length === 1);
	expect(member).toMatchObject({ id: 'ada', data: { name: 'Ada', typing: true } });
	await client.listen();
	await socket.to('ada').send('hello');
	expect(await client.nextMessage()).toBe('hello');
});

/** A channel that the types of the chat do not know. */
async function joinStrokes() {
	const { strokes } = site.visit().channels as unknown as UntypedTestChannels;
	return await strokes().join();
}

test('bytes arrive', async () => {
	const room = await joinStrokes();
	const bytes = new Uint8Array([1, 2, 3]);
	expect(await room.send('draw', bytes)).toEqual(bytes);
	expect(await room.next('stroke')).toEqual(bytes);
});

test('errors of handlers are reported, and named where a test waits in vain', async () => {
	const reports: unknown[] = [];
	const report = (message: string, error: unknown) => reports.push([message, String(error)]);
	await site.close();
	site = await testRealtime({ timeout: 10_000, report });
	const room = await joinStrokes();
	await expect(room.send('fail')).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR' });
	expect(reports).toEqual([
		[
			expect.stringContaining('Message `fail` to channel `strokes`'),
			'Error: The database is down.',
		],
	]);
	await expect(room.next('stroke', { timeout: 1 })).rejects.toThrow(
		/server: .*The database is down/,
	);
});

test('a wait in vain shows what the client saw', async () => {
	const room = await site.as(ada).channels.rooms(lobby).join();
	await expect(room.next('said', { timeout: 1 })).rejects.toThrow(/The client saw:\n.*← joined/s);
});
