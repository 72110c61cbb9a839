import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { findRealtimeFiles } from './files.ts';
import { siteWith } from './site.fixture.ts';
import { usedParts } from './used-parts.ts';

const IMPORT = "import { defineChannel } from 'zastro:realtime';\n";
const PLAIN = `${IMPORT}export default defineChannel({ authorize: 'anyone' });\n`;

function mayHave(context: TestContext, ...files: readonly string[]): boolean {
	const named = files.map((text, index) => [`channel${index}.ts`, text]);
	return usedParts(findRealtimeFiles(siteWith(context, Object.fromEntries(named)))).presence;
}

for (const text of [
	PLAIN,
	`import { binary, defineChannel } from "zastro:realtime";\nexport default defineChannel(\n\t'news/[topic]',\n\t{ authorize: 'users' },\n);\n`,
	`import {\n\tdefineChannel,\n} from 'zastro:realtime';\nexport default defineChannel({});`,
	'export default function (message) {\n\treturn [...message.data];\n}\n',
	'export default async ({ data }, socket) => socket.send({ ...data });\n',
]) {
	test(`finds that there is no presence: ${JSON.stringify(text)}`, (context) => {
		assert.equal(mayHave(context, text), false);
	});
}

for (const text of [
	`${IMPORT}export default defineChannel({ presence: { schema } });\n`,
	`${IMPORT}export default defineChannel({ 'presence': { schema } });\n`,
	`${IMPORT}const presence = {};\nexport default defineChannel({ presence });\n`,
	`${IMPORT}export default defineChannel({ [PRESENCE]: {} });\n`,
	`${IMPORT}export default defineChannel({ ...shared });\n`,
	`${IMPORT}export default defineChannel(options);\n`,
	`${IMPORT}export default defineChannel('chat', options);\n`,
	`${IMPORT}const channel = defineChannel({});\nexport default channel;\n`,
	"import { defineChannel } from '../channels';\nexport default defineChannel({});\n",
	"export { chat as default } from '../channels';\n",
	"import { chat } from '../channels';\nexport default chat;\n",
	`/*\nexport default (message) => {};\n*/\nexport { chat as default } from '../channels';\n`,
	'',
]) {
	test(`takes for presence: ${JSON.stringify(text)}`, (context) => {
		assert.equal(mayHave(context, text), true);
		assert.equal(mayHave(context, PLAIN, text), true);
	});
}

test('finds the short form where a channel is not plainly declared', (context) => {
	const hasShortForm = (text: string): boolean =>
		usedParts(findRealtimeFiles(siteWith(context, { 'chat.ts': text }))).shortForm;
	assert.equal(hasShortForm(PLAIN), false);
	assert.equal(hasShortForm(`${IMPORT}export default defineChannel({ ...shared });\n`), false);
	assert.equal(hasShortForm('export default function (message) {}\n'), true);
	assert.equal(hasShortForm("export { chat as default } from '../channels';\n"), true);
	assert.equal(hasShortForm(`// export default\n${PLAIN}`), true);
});

test('finds no presence in a site without channels', (context) => {
	assert.equal(mayHave(context), false);
});

test('finds handlers and history by the options that channels name', (context) => {
	const partsOf = (text: string): unknown => {
		const { handlers, history } = usedParts(
			findRealtimeFiles(siteWith(context, { 'chat.ts': text })),
		);
		return { handlers, history };
	};
	const declared = (option: string): string =>
		`${IMPORT}export default defineChannel({ authorize: 'anyone', ${option} });\n`;
	for (const [text, handlers, history] of [
		[PLAIN, false, false],
		[declared('events: { said }, presence: {}'), false, false],
		[declared('messages: { say }'), true, false],
		[declared("'onJoin': welcome"), true, false],
		[declared('onLeave() {}'), true, false],
		[declared('history: { size: 10 }'), false, true],
		[declared("['onJoin']: welcome"), true, true],
		[declared('...shared'), true, true],
		['export default function (message) {}\n', true, false],
		["export { chat as default } from './chats';\n", true, true],
	] as const) {
		assert.deepEqual(partsOf(text), { handlers, history }, text);
	}
});

test('finds users by what the middleware exports', (context) => {
	const hasUsers = (files: Readonly<Record<string, string>>): boolean =>
		usedParts(findRealtimeFiles(siteWith(context, { 'chat.ts': PLAIN, ...files }))).users;
	assert.equal(hasUsers({}), false);
	assert.equal(hasUsers({ '_middleware.ts': 'export function onError() {}\n' }), false);
	for (const text of [
		'export function authenticate() {}\n',
		"export { whoIs as authenticate } from '../users';\n",
		"export * from '../users';\n",
		'export function \\u0061uthenticate() {}\n',
	]) {
		assert.equal(hasUsers({ '_middleware.ts': text }), true, text);
	}
});
