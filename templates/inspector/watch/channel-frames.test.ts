import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeBinaryFrame } from '../../realtime/protocol/binary-frame.ts';
import { ChannelFrames } from './channel-frames.ts';
import { ChannelTable } from './channel-table.ts';
import type { Described } from './content.ts';
import { BINARY, TEXT } from './frame-scanner.ts';
import type { Receiver } from './tap.ts';

const JOIN = ['join', 1, 'rooms', { room: 'lobby' }, { presence: { typing: false } }];
const JOINED = ['joined', 1, 7, { position: 'a' }];
const LOBBY = 'rooms (room: lobby)';

/** The frames of one connection. */
function connection(table: ChannelTable = new ChannelTable(), number = 3) {
	const frames = new ChannelFrames(number, table);
	const pass = (to: Receiver, frame: unknown): Described | undefined => {
		const isBinary = frame instanceof Uint8Array;
		const content = Buffer.from(isBinary ? frame : JSON.stringify(frame));
		const opcode = isBinary ? BINARY : TEXT;
		return frames.describe(to, {
			opcode,
			content,
			size: content.length,
			isWhole: true,
			mask: undefined,
		});
	};
	return { frames, table, pass };
}

test('a channel has the connections that have joined it, until they leave', () => {
	const table = new ChannelTable();
	const one = connection(table, 1);
	const two = connection(table, 2);
	for (const { pass } of [one, two]) {
		pass('server', JOIN);
		pass('client', JOINED);
	}
	assert.deepEqual(table.infos[0]?.members, [1, 2]);
	assert.deepEqual(one.frames.joined, [LOBBY]);
	one.pass('server', ['leave', 1]);
	one.pass('client', ['left', 1, null]);
	assert.deepEqual(one.frames.joined, []);
	two.frames.closed();
	assert.deepEqual(table.infos[0]?.members, []);
});

test('messages have their name, their channel, and the time of their answer', () => {
	const { pass, table } = connection();
	pass('server', JOIN);
	pass('client', JOINED);
	const sent = pass('server', ['send', 1, 5, 'say', { text: 'hello' }]);
	assert.deepEqual(sent, {
		kind: 'message',
		label: 'say',
		text: '{"text":"hello"}',
		channel: LOBBY,
	});
	const event = pass('client', ['event', 7, 'b', 'a', 1, 'x', null, 'said', { by: 'ada' }]);
	assert.equal(event?.label, 'said');
	assert.equal(event?.text, '{"by":"ada"}');
	const reply = pass('client', ['reply', 1, 5, { length: 5 }]);
	assert.equal(reply?.label, 'reply: say');
	assert.ok((reply?.duration ?? -1) >= 0);
	const failed = pass('client', ['error', 1, 6, { code: 'BAD_REQUEST', message: 'no' }]);
	assert.equal(failed?.isBad, true);
	assert.equal(table.infos[0]?.toServer, 1);
	assert.equal(table.infos[0]?.toClient, 1);
});

test('bytes in a channel are shown in hexadecimal digits', () => {
	const { pass } = connection();
	pass('server', JOIN);
	pass('client', JOINED);
	const frame = writeBinaryFrame('["cast",7,null,"stroke"]', Uint8Array.of(1, 255));
	const cast = pass('client', frame);
	assert.equal(cast?.label, 'stroke');
	assert.equal(cast?.text, '01 ff');
});

test('presence is kept for the channel', () => {
	const { pass, table } = connection();
	pass('server', JOIN);
	pass('client', JOINED);
	const ada = { id: 'a', user: { id: 'ada' }, data: { typing: false }, since: 1 };
	const bob = { id: 'b', user: { id: 'bob' }, data: { typing: false }, since: 2 };
	pass('client', ['members', 7, [ada, bob], 2]);
	const changed = [{ ...ada, data: { typing: true } }];
	pass('client', ['changes', 7, { joined: [], changed, left: ['b'] }, 1]);
	assert.deepEqual(table.infos[0]?.present, [{ id: 'a', user: 'ada', data: '{"typing":true}' }]);
	assert.equal(table.infos[0]?.presentCount, 1);
});

test('a refused join is told with what would allow it', () => {
	const { pass, frames } = connection();
	pass('server', JOIN);
	const refused = pass('client', ['refused', 1, { code: 'FORBIDDEN', message: 'no' }]);
	assert.equal(refused?.isBad, true);
	assert.match(refused?.hint ?? '', /`authorize`/);
	assert.deepEqual(frames.joined, []);
});

test('the secret of the session is never shown', () => {
	const { pass } = connection();
	const secret = 'abcdefghijklmnopqrstuv';
	for (const described of [
		pass('server', ['hello', { session: secret, version: '1' }]),
		pass('client', ['welcome', { session: secret, isResumed: false, version: '1' }]),
	]) {
		assert.match(described?.text ?? '', /"session":"•••"/);
	}
});

test('a message by hand is a frame of the joined channel, with an id that no client uses', () => {
	const { pass, frames } = connection();
	assert.throws(() => frames.say(LOBBY, 'say', ''), /no member/);
	pass('server', JOIN);
	pass('client', JOINED);
	const [first, second] = [
		frames.say(LOBBY, 'say', '{"text":"hi"}'),
		frames.say(LOBBY, 'wave', ''),
	];
	assert.deepEqual(JSON.parse(first), ['send', 1, 2 ** 52, 'say', { text: 'hi' }]);
	assert.deepEqual(JSON.parse(second), ['send', 1, 2 ** 52 + 1, 'wave']);
	assert.throws(() => frames.say(LOBBY, 'say', '{'), SyntaxError);
});

test('what is no frame is left to others', () => {
	const { pass } = connection();
	assert.equal(pass('server', { text: 'hello' }), undefined);
	assert.equal(pass('server', ['join', 1])?.label, 'join');
	assert.equal(pass('client', ['changes', 7])?.label, 'changes');
	assert.equal(pass('client', ['members', 0, 5, {}])?.text, '5');
});
