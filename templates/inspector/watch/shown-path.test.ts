import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChannelFrames } from './channel-frames.ts';
import { ChannelTable } from './channel-table.ts';
import { TEXT } from './frame-scanner.ts';
import { shownPath } from './shown-path.ts';

test('a connection for one channel is shown with the name that the list of channels has', () => {
	const table = new ChannelTable();
	const frames = new ChannelFrames(1, table);
	const params = { team: 'a b', room: 'lobby' };
	const pass = (to: 'server' | 'client', frame: unknown) => {
		const content = Buffer.from(JSON.stringify(frame));
		const size = content.length;
		frames.describe(to, { opcode: TEXT, content, size, isWhole: true, mask: undefined });
	};
	pass('server', ['join', 1, 'teams/rooms', params, {}]);
	pass('client', ['joined', 1, 1, {}]);
	assert.equal(
		shownPath('/base/_realtime/?channel=teams%2Frooms&param.team=a+b&param.room=lobby'),
		`/base/_realtime/ ${table.infos[0]?.name}`,
	);
	assert.equal(shownPath('/_realtime?channel=sales'), '/_realtime sales');
});

test('the connection for messages to the user is shown as its messages are', () => {
	assert.equal(shownPath('/_realtime?inbox='), '/_realtime inbox');
});

test('other paths and parameters stay as they are', () => {
	for (const path of ['/_realtime', '/_realtime/rooms/lobby?x=1', '/chat?channel=rooms', '/']) {
		assert.equal(shownPath(path), path);
	}
	assert.equal(shownPath('/_realtime?channel=sales&debug=1'), '/_realtime?debug=1 sales');
});

test('secrets are hidden', () => {
	assert.equal(shownPath('/chat?token=very-secret'), '/chat?token=•••');
	assert.equal(
		shownPath('/_realtime?channel=rooms&param.token=very-secret&param.room=Bearer%20very-secret'),
		'/_realtime rooms (token: •••, room: •••)',
	);
	assert.equal(
		shownPath('/_realtime?channel=sales&password=very-secret'),
		'/_realtime?password=••• sales',
	);
});
