import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findRealtimeFiles, isRealtimeFile } from './files.ts';
import { siteWith } from './site.fixture.ts';

/** The channels of a site with these files, and the problems without `src/realtime`. */
function found(context: TestContext, ...files: string[]) {
	const { channels, middleware, problems } = findRealtimeFiles(siteWith(context, files));
	return {
		channels: channels.map(({ file, name, params }) => [file, name, ...params].join(' ')),
		middleware: middleware.map(({ path, folder }) => [path, folder]),
		problems: problems.map(({ file, message }) =>
			`${file}: ${message}`.replaceAll('src/realtime/', ''),
		),
	};
}

test('a site without the folder has no channels', (context) => {
	assert.deepEqual(findRealtimeFiles(siteWith(context, [])), {
		channels: [],
		middleware: [],
		problems: [],
	});
});

test('names channels by their path, without parameters', (context) => {
	const { channels, problems } = found(
		context,
		'chat.ts',
		'news.js',
		'polls.mts',
		'votes.mjs',
		'rooms/index.ts',
		'rooms/[room].ts',
		'teams/[team]/index.ts',
		'teams/[team]/rooms/[room].ts',
		'chat-room/größe_2.ts',
	);
	assert.deepEqual(problems, []);
	assert.deepEqual(channels, [
		'chat-room/größe_2 chat-room/größe_2',
		'chat chat',
		'news news',
		'polls polls',
		'rooms/[room] rooms room',
		'rooms rooms',
		'teams/[team] teams team',
		'teams/[team]/rooms/[room] teams/rooms team room',
		'votes votes',
	]);
});

test('gives the places of a file', (context) => {
	const site = siteWith(context, ['rooms/[room].ts']);
	const [channel] = findRealtimeFiles(site).channels;
	assert.equal(channel?.location, join(site.path, 'src/realtime/rooms/[room].ts'));
	assert.equal(channel?.path, 'src/realtime/rooms/[room].ts');
	assert.equal(channel?.folder, 'rooms');
});

test('leaves out files that are no modules, or begin with `_` or a dot', (context) => {
	const { channels, middleware, problems } = found(
		context,
		'_schemas.ts',
		'_lib/chat.ts',
		'.cache/chat.ts',
		'.hidden.ts',
		'types.d.ts',
		'readme.md',
		'data.json',
		'_badge.tsx',
		'types.d.cts',
		'rooms/_middleware.ts',
		'_middleware.mjs',
	);
	assert.deepEqual({ channels, problems }, { channels: [], problems: [] });
	assert.deepEqual(middleware, [
		['src/realtime/_middleware.mjs', ''],
		['src/realtime/rooms/_middleware.ts', 'rooms'],
	]);
});

test('refuses modules of which Astro makes no endpoints either', (context) => {
	const { channels, middleware, problems } = found(
		context,
		'chat.tsx',
		'news.cjs',
		'rooms/[room].jsx',
		'rooms/_middleware.cts',
	);
	assert.deepEqual({ channels, middleware }, { channels: [], middleware: [] });
	assert.deepEqual(problems, [
		'chat.tsx: Files of channels do not end in `.tsx`.',
		'news.cjs: Files of channels do not end in `.cjs`.',
		'rooms/[room].jsx: Files of channels do not end in `.jsx`.',
		'rooms/_middleware.cts: Files of channels do not end in `.cts`.',
	]);
});

test('follows links to files, and not links to folders', (context) => {
	const site = siteWith(context, ['chat.ts']);
	const folder = join(site.path, 'src/realtime');
	symlinkSync(join(folder, 'chat.ts'), join(folder, 'linked.ts'));
	symlinkSync(folder, join(folder, 'circle'));
	const { channels } = findRealtimeFiles(site);
	assert.deepEqual(
		channels.map(({ file }) => file),
		['chat', 'linked'],
	);
});

test('refuses paths that name no channel', (context) => {
	const { channels, problems } = found(
		context,
		'[room].ts',
		'index.ts',
		'rooms/[...path].ts',
		'rooms/[a]-[b].ts',
		'rooms/[room].test.ts',
		'rooms/[the room].ts',
		'my rooms/[room].ts',
		'teams/[id]/rooms/[id].ts',
	);
	assert.deepEqual(channels, []);
	const neither = 'in the path is neither a name nor a parameter.';
	assert.deepEqual(problems, [
		'[room].ts: The path gives the channel no name.',
		'index.ts: The path gives the channel no name.',
		`my rooms/[room].ts: \`my rooms\` ${neither}`,
		'rooms/[...path].ts: The path has the rest parameter `[...path]`.',
		`rooms/[a]-[b].ts: \`[a]-[b]\` ${neither}`,
		`rooms/[room].test.ts: \`[room].test\` ${neither}`,
		`rooms/[the room].ts: \`[the room]\` ${neither}`,
		'teams/[id]/rooms/[id].ts: The path has the parameter `id` twice.',
	]);
});

test('refuses reserved names', (context) => {
	const { channels, problems } = found(
		context,
		'then.ts',
		'call.ts',
		'rooms/constructor.ts',
		'rooms/[toString].ts',
		'toJSON/[room].ts',
		'$$private.ts',
	);
	assert.deepEqual(channels, []);
	assert.deepEqual(problems, [
		'$$private.ts: The path has the reserved name `$$private`.',
		'call.ts: The path has the reserved name `call`.',
		'rooms/[toString].ts: The path has the reserved parameter `toString`.',
		'rooms/constructor.ts: The path has the reserved name `constructor`.',
		'then.ts: The path has the reserved name `then`.',
		'toJSON/[room].ts: The path has the reserved name `toJSON`.',
	]);
});

test('allows parameters with the names of members of functions', (context) => {
	const { channels, problems } = found(
		context,
		'users/[name].ts',
		'calls/[call].ts',
		'$/[then].ts',
	);
	assert.deepEqual(problems, []);
	assert.deepEqual(channels, [
		'$/[then] $ then',
		'calls/[call] calls call',
		'users/[name] users name',
	]);
});

test('refuses two files for one channel, and keeps the first', (context) => {
	const { channels, problems } = found(
		context,
		'chat.js',
		'chat.ts',
		'rooms.ts',
		'rooms/index.ts',
		'[a]/teams/[b].ts',
		'teams/[a]/[b].ts',
		'polls/[id].ts',
		'polls/[poll].ts',
	);
	assert.deepEqual(channels, [
		'[a]/teams/[b] teams a b',
		'chat chat',
		'polls/[id] polls id',
		'rooms rooms',
	]);
	assert.deepEqual(problems, [
		'chat.ts: `channels.chat` is the channel of `chat.js` already.',
		'polls/[poll].ts: `/polls/[poll]` is the channel of `polls/[id].ts` already.',
		'rooms.ts: `channels.rooms` is the channel of `rooms/index.ts` already.',
		'teams/[a]/[b].ts: `channels.teams` is the channel of `[a]/teams/[b].ts` already.',
	]);
});

test('refuses two middlewares of a folder', (context) => {
	const { middleware, problems } = found(context, '_middleware.js', '_middleware.ts');
	assert.deepEqual(middleware, [['src/realtime/_middleware.js', '']]);
	assert.deepEqual(problems, [
		'_middleware.ts: The folder has the middleware `_middleware.js` already.',
	]);
});

test('knows the files whose coming and going counts', (context) => {
	const site = siteWith(context, []);
	const is = (path: string): boolean => isRealtimeFile(join(site.path, path), site);
	assert.equal(is('src/realtime/rooms/[room].ts'), true);
	assert.equal(is('src/realtime/_middleware.ts'), true);
	assert.equal(is('src/realtime/_schemas.ts'), false);
	assert.equal(is('src/realtime/readme.md'), false);
	assert.equal(is('src/realtimes/chat.ts'), false);
	assert.equal(is('src/pages/realtime/chat.ts'), false);
});
