import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binary } from './data/binary.ts';
import { declared, FakeRuntime, modulesOf, problemsOf, room, text } from './define.fixture.ts';
import { ProblemsError } from './reading/problem.ts';
import { readSite } from './site.ts';

const handler = (): void => {};

/** The problems of `rooms/[room].ts` with these options. */
function optionProblems(options: object): readonly string[] {
	return problemsOf({ 'rooms/[room].ts': declared({ authorize: 'users', ...options }) }).map(
		(problem) => problem.replace('src/realtime/rooms/[room].ts: ', ''),
	);
}

test('reads the options of a declared channel', () => {
	const definition = room(
		{
			messages: {
				say: { input: text, handler },
				move: { handler, ephemeral: true },
				buy: { handler, idempotent: true },
			},
			events: { said: text, moved: { schema: text, ephemeral: true }, stroke: binary() },
			presence: { schema: text, of: 'connection' },
			history: { size: 10, ttl: 60 },
			timeout: 5,
		},
		new FakeRuntime(),
	);
	assert.equal(definition.form, 'declared');
	assert.equal(definition.file, 'rooms/[room]');
	assert.equal(definition.name, 'rooms');
	assert.deepEqual(definition.params, ['room']);
	assert.deepEqual(definition.retention, { size: 10, ttl: 60 });
	assert.equal(definition.keepsHistory, true);
	assert.equal(definition.presence?.of, 'connection');
	assert.deepEqual(definition.ephemeral, ['move']);
	assert.deepEqual(definition.idempotent, ['buy']);
	assert.equal(definition.timeout, 5000);
});

test('fills in what a declared channel leaves out', () => {
	const definition = room({ history: {} }, new FakeRuntime());
	assert.deepEqual(definition.retention, { size: 100, ttl: 300 });
	assert.equal(definition.timeout, 30_000);
	assert.equal(definition.presence, undefined);
	const bare = room({}, new FakeRuntime());
	assert.deepEqual(bare.retention, { size: 0, ttl: 0 });
	assert.equal(bare.keepsHistory, false);
});

test('refuses a file without a channel', () => {
	const hint =
		'Write `export default defineChannel({ … })`. A file that is no channel begins with `_`.';
	assert.deepEqual(problemsOf({ 'chat.ts': {}, 'news.ts': { default: { authorize: 'users' } } }), [
		`src/realtime/chat.ts: The file has no default export of a channel. ${hint}`,
		`src/realtime/news.ts: The file has no default export of a channel. ${hint}`,
	]);
});

test('refuses a channel without authorize', () => {
	assert.deepEqual(problemsOf({ 'chat.ts': declared({}) }), [
		"src/realtime/chat.ts: The channel has no `authorize`. Say who may join: a function of `{ user, params }`, 'users', or 'anyone'.",
	]);
	assert.match(String(optionProblems({ authorize: true })), /neither a function nor 'users'/);
});

test('refuses `anonymous` where it has no effect', () => {
	assert.deepEqual(optionProblems({ anonymous: true }), [
		"`anonymous` has no effect with `authorize: 'users'`. Remove it. `authorize: 'anyone'` admits visitors.",
	]);
});

test('refuses an unknown option with the nearest name', () => {
	assert.deepEqual(optionProblems({ event: {} }), [
		'`defineChannel()` has no option `event`. Did you mean `events`?',
	]);
	assert.deepEqual(optionProblems({ messages: { say: { handle: handler, handler } } }), [
		'`messages.say` has no option `handle`. Did you mean `handler`?',
	]);
	assert.deepEqual(optionProblems({ history: { limit: 3 } }), [
		'`history` has no option `limit`. Use one of `size`, `ttl`.',
	]);
});

test('refuses schemas that are none and handlers that are no functions', () => {
	const hint = 'Use a schema of zod, valibot or arktype, or `binary()`.';
	assert.deepEqual(
		optionProblems({
			messages: { say: { input: 'string', handler }, move: { handler: 3 } },
			events: { said: {}, moved: { schema: null } },
			presence: { schema: String },
		}),
		[
			`The \`input\` of \`messages.say\` is not a schema. ${hint}`,
			'The `handler` of `messages.move` is not a function. Write `handler: async (data, { user, channel }) => { … }`.',
			`\`events.said\` is not a schema. ${hint}`,
			`The \`schema\` of \`events.moved\` is not a schema. ${hint}`,
			`The \`schema\` of \`presence\` is not a schema. ${hint}`,
		],
	);
});

test('tells of a zod that is too old', () => {
	assert.deepEqual(optionProblems({ events: { said: { parse: handler, _def: {} } } }), [
		'`events.said` is not a schema. This zod has no Standard Schema. Update `zod` to 3.24 or later.',
	]);
});

test('refuses names of messages and events that every object has', () => {
	const messages = Object.fromEntries([
		['constructor', { handler }],
		['call', { handler }],
		['$$then', { handler }],
	]);
	const events = Object.fromEntries([
		['__proto__', text],
		['toString', text],
	]);
	assert.deepEqual(optionProblems({ messages, events }), [
		'`messages.constructor` has a reserved name. Choose another name.',
		'`events.__proto__` has a reserved name. Choose another name.',
		'`events.toString` has a reserved name. Choose another name.',
	]);
});

test('refuses numbers, flags and functions of another type', () => {
	assert.deepEqual(
		optionProblems({
			timeout: '5',
			history: { size: 0, ttl: Number.NaN },
			presence: { of: 'users', server: 3 },
			data: {},
			onJoin: null,
			onError: 'log',
			messages: { say: { handler, ephemeral: 1 } },
		}),
		[
			'`onError` is not a function. Give a function, or `null` to switch the hook off.',
			'`ephemeral` of `messages.say` is not a boolean. Write `true`, or leave it out.',
			"`of` of `presence` is neither 'user' nor 'connection'. Leave it out for 'user'.",
			'`server` of `presence` is not a function. Give a function, or leave it out.',
			'`size` of `history` is not a positive number of messages up to 100000. Leave it out for the default of 100.',
			'`ttl` of `history` is not a positive number of seconds up to 2592000. Leave it out for the default of 300.',
			'`data` is not a function. Give a function, or leave it out.',
			'`timeout` is not a positive number of seconds up to 3600. Leave it out for the default of 30.',
			'`onJoin` is not a function. Give a function, or leave it out.',
		],
	);
	assert.deepEqual(optionProblems({ presence: {} }), [
		"`presence` is empty. Write `presence: { of: 'user' }`, or give a `schema`.",
	]);
	assert.match(String(optionProblems({ messages: [] })), /`messages` is not an object/);
});

test('refuses a path that is not that of the file', () => {
	const options = { authorize: 'users' };
	assert.deepEqual(problemsOf({ 'rooms/[room].ts': declared(options, 'rooms/[room]') }), []);
	assert.deepEqual(problemsOf({ 'rooms/[id].ts': declared(options, 'rooms/[room]') }), [
		"src/realtime/rooms/[id].ts: `defineChannel()` names the file `rooms/[room]`. Write `defineChannel('rooms/[id]', { … })`, or leave the path out.",
	]);
});

test('refuses exports of the short form beside a declared channel', () => {
	const module = { ...declared({ authorize: 'users' }), config: {}, onError: null };
	assert.deepEqual(problemsOf({ 'chat.ts': module }), [
		'src/realtime/chat.ts: The export `config` belongs to the short form of a channel. Remove it. The options of `defineChannel()` hold everything: set `timeout` there.',
		'src/realtime/chat.ts: The export `onError` belongs to the short form of a channel. Remove it. The options of `defineChannel()` hold everything: make `onError` one of them.',
	]);
});

test('refuses a wrong `config` and misspelt hooks of the short form', () => {
	const hint = "Write `export const config = { type: 'json', timeout: 30 }`.";
	assert.deepEqual(
		problemsOf({
			'chat.ts': { default: handler, config: { type: 'text', timeouts: 3 }, helper: handler },
			'news.ts': { default: handler, onMessagesReceived: handler, config: 3 },
		}),
		[
			'src/realtime/chat.ts: `config` has no option `timeouts`. Did you mean `timeout`?',
			`src/realtime/chat.ts: \`type\` of \`config\` is none of 'json', 'string' and 'binary'. ${hint}`,
			'src/realtime/news.ts: There is no hook `onMessagesReceived`. Did you mean `onMessageReceived`? Rename it, or do not export it.',
			`src/realtime/news.ts: \`config\` is not an object. ${hint}`,
		],
	);
});

test('refuses hooks on users in the middleware of a folder', () => {
	assert.deepEqual(
		problemsOf({
			'_middleware.ts': { authenticate: 3, onOnline: handler },
			'rooms/_middleware.ts': { onOffline: handler, onError: null },
		}),
		[
			'src/realtime/_middleware.ts: `authenticate` is not a function. Export a function, or leave it out.',
			"src/realtime/rooms/_middleware.ts: `onOffline` stands in a folder's `_middleware`. Move it to `src/realtime/_middleware`, which serves all channels.",
		],
	);
});

test('collects the problems of all files and keeps the others', () => {
	const modules = modulesOf({
		'chat.ts': {},
		'news.ts': declared({ authorize: 'users' }),
		'rooms/[room].ts': declared({}),
	});
	const { site, problems } = readSite(modules, new FakeRuntime());
	assert.deepEqual([...site.definitions.keys()], ['news']);
	assert.equal(problems.length, 2);
	const error = new ProblemsError(problems);
	assert.match(error.message, /^src\/realtime\/chat\.ts: The file has no default .*\n {2}hint: /);
	assert.match(error.message, /\nsrc\/realtime\/rooms\/\[room\]\.ts: The channel has no `auth/);
});
