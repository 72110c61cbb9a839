import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRealtimeFiles } from './files.ts';
import { siteWith } from './site.fixture.ts';
import { realtimeTypes } from './types.ts';

test('declares the channels of a site', (context) => {
	const site = siteWith(context, [
		'_middleware.ts',
		'chat-room.mts',
		'rooms/index.ts',
		'rooms/[room].ts',
		'rooms/archive/[year].js',
	]);
	const [declared, modules] = realtimeTypes(findRealtimeFiles(site), 'the-package');
	assert.equal(declared?.filename, 'realtime.d.ts');
	const types = "import('the-package/realtime')".replaceAll("'", '"');
	const module = (path: string) => `typeof import("${site.path}/src/realtime/${path}")`;
	const tree = (open: string) => `{
			readonly "chat-room": ${open}<${module('chat-room.mjs')}, {}>;
			readonly "rooms": ${open}<${module('rooms/[room].js')}, { readonly "room": string }> & ${open}<${module('rooms/index.js')}, {}> & {
				readonly "archive": ${open}<${module('rooms/archive/[year].js')}, { readonly "year": string }>;
			};
		}`;
	assert.equal(
		declared?.content,
		`declare module "the-package/realtime" {
	interface Register {
		user: ${types}.UserOf<${module('_middleware.js')}>;
		params: "room" | "year";
		files: "chat-room" | "rooms" | "rooms/[room]" | "rooms/archive/[year]";
		server: ${tree(`${types}.OpenOnServer`)};
		client: ${tree(`${types}.OpenOnClient`)};
		testing: ${tree(`${types}.OpenInTest`)};
	}
}
export {};
`,
	);
	assert.equal(modules?.filename, 'realtime-modules.d.ts');
	// An import or export at the top would make it a module, which cannot declare others.
	assert.doesNotMatch(String(modules?.content), /^(?:import|export)/m);
});

test('declares a site without channels and users', (context) => {
	const [declared] = realtimeTypes(findRealtimeFiles(siteWith(context, [])), 'the-package');
	assert.match(
		String(declared?.content),
		/user: undefined;\s+params: never;\s+files: never;\s+server: \{\};\s+client: \{\};\s+testing: \{\};/,
	);
});
