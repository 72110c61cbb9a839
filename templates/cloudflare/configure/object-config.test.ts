import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Plan, planObject } from './object-config.ts';
import type { Wrong } from './object-errors.ts';
import type { WorkerConfig } from './worker-config.ts';

const BINDING = { name: 'ZASTRO_REALTIME', class_name: 'ZastroRealtime' };
const BOUND = {
	durable_objects: { bindings: [BINDING] },
	previews: { durable_objects: { bindings: [BINDING] } },
	compatibility_flags: ['nodejs_als'],
};
const MIGRATION = { tag: 'zastro-realtime', new_sqlite_classes: ['ZastroRealtime'] };
const EXPORT = { type: 'durable-object', storage: 'sqlite' };

interface Given {
	readonly hasChannels?: boolean;
	readonly supportsExports?: boolean;
}

function decided(config: WorkerConfig, given: Given = {}): Plan | Wrong {
	const { hasChannels = true, supportsExports = true } = given;
	return planObject(config, { hasChannels, supportsExports: () => supportsExports });
}

function plan(config: WorkerConfig, given?: Given): Plan {
	const found = decided(config, given);
	assert.ok('additions' in found, `wrong: ${JSON.stringify(found)}`);
	return found;
}

function wrong(config: WorkerConfig, given?: Given): string {
	const found = decided(config, given);
	assert.ok('message' in found, `planned: ${JSON.stringify(found)}`);
	return `${found.message}\n${found.hint}`;
}

function undeployable(config: WorkerConfig, given?: Given): string {
	const { additions, undeployable: found } = plan(config, given);
	assert.ok(found !== undefined, 'it can be deployed');
	// `astro dev` has the class all the same.
	assert.deepEqual(additions, { ...BOUND, migrations: [MIGRATION] });
	return `${found.message}\n${found.hint}`;
}

test('a site without migrations gets binding and class by itself', () => {
	for (const config of [{}, { migrations: [], exports: {}, durable_objects: { bindings: [] } }]) {
		assert.deepEqual(plan(config), {
			exportsClass: true,
			additions: { ...BOUND, exports: { ZastroRealtime: EXPORT } },
		});
	}
});

test('a site with its own `exports` gets the class beside them', () => {
	const { additions } = plan({ exports: { Room: EXPORT } });
	assert.deepEqual(additions.exports, { ZastroRealtime: EXPORT });
});

test('a site whose migrations name the class gets the binding alone', () => {
	const migrations = [{ tag: 'v1', new_sqlite_classes: ['Room', 'ZastroRealtime'] }];
	for (const supportsExports of [true, false]) {
		const found = plan({ migrations }, { supportsExports });
		assert.deepEqual(found, { exportsClass: true, additions: BOUND });
	}
});

test('a class that another one was renamed or transferred to is declared', () => {
	for (const step of [
		{ renamed_classes: [{ from: 'Room', to: 'ZastroRealtime' }] },
		{ transferred_classes: [{ from: 'Room', from_script: 'other', to: 'ZastroRealtime' }] },
	]) {
		const found = plan({ migrations: [{ tag: 'v1', ...step }] });
		assert.deepEqual(found, { exportsClass: true, additions: BOUND });
	}
});

test('a site whose `exports` name the class gets the binding alone', () => {
	for (const state of [{}, { state: 'created' }, { state: 'expecting-transfer' }]) {
		const found = plan({ exports: { ZastroRealtime: { ...EXPORT, ...state } } });
		assert.deepEqual(found, { exportsClass: true, additions: BOUND });
	}
});

test('a flag that turns AsyncLocalStorage on is added where the site has none', () => {
	const added = (compatibility_flags?: readonly string[]): unknown =>
		plan({ compatibility_flags }).additions.compatibility_flags;
	assert.deepEqual(added(['global_navigator']), ['nodejs_als']);
	for (const flag of ['nodejs_als', 'nodejs_compat', 'nodejs_compat_v2']) {
		assert.equal(added(['global_navigator', flag]), undefined);
	}
});

test('a flag that turns calls on is added before the date of its default', () => {
	const added = (compatibility_date: string, flags: readonly string[]): unknown =>
		plan({ compatibility_date, compatibility_flags: ['nodejs_compat', ...flags] }).additions
			.compatibility_flags;
	assert.deepEqual(added('2024-04-02', []), ['rpc']);
	assert.equal(added('2024-04-02', ['rpc']), undefined);
	assert.equal(added('2024-04-03', []), undefined);
	const both = plan({ compatibility_date: '2024-01-01' }).additions.compatibility_flags;
	assert.deepEqual(both, ['nodejs_als', 'rpc']);
});

test('a binding that the site has already is not added again', () => {
	const durable_objects = { bindings: [{ name: 'ROOMS', class_name: 'Room' }, BINDING] };
	const { additions } = plan({ durable_objects, previews: { durable_objects } });
	assert.deepEqual(additions.durable_objects, { bindings: [] });
	assert.deepEqual(additions.previews, { durable_objects: { bindings: [] } });
});

test('a binding of that name for something else is an error', () => {
	for (const other of [
		{ name: 'ZASTRO_REALTIME', class_name: 'Room' },
		{ ...BINDING, script_name: 'another-worker' },
	]) {
		const durable_objects = { bindings: [other] };
		for (const config of [{ durable_objects }, { previews: { durable_objects } }]) {
			assert.match(wrong(config), /The binding `ZASTRO_REALTIME` is that of channels/);
		}
	}
});

test('migrations that do not name the class cannot be deployed, and the lines to paste are told', () => {
	const migrations = [
		{ tag: 'v1', new_classes: ['Old'], new_sqlite_classes: ['Room', 'Gone'] },
		{ tag: 'v2', renamed_classes: [{ from: 'Old', to: 'Counter' }], deleted_classes: ['Gone'] },
	];
	const text = undeployable({ migrations, configPath: '/site/wrangler.json' });
	assert.match(text, /the `migrations` of wrangler\.json do not name it/);
	assert.ok(
		text.includes(`Add this entry to the end of \`migrations\` in wrangler.json:

{ "tag": "zastro-realtime", "new_sqlite_classes": ["ZastroRealtime"] }
`),
		text,
	);
	// `exports` exclude `migrations`: of a site that was deployed with them, they name its classes.
	assert.ok(
		text.includes(`replace \`migrations\` instead. Its objects stay as they are:

"exports": {
  "Room": { "type": "durable-object", "storage": "sqlite" },
  "Counter": { "type": "durable-object", "storage": "legacy-kv" }
}`),
		text,
	);
});

test('the lines to paste are TOML where the site has TOML', () => {
	const migrations = [{ tag: 'v1', new_sqlite_classes: ['Room'] }];
	const text = undeployable({ migrations, configPath: '/site/wrangler.toml' });
	assert.ok(
		text.includes(`[[migrations]]
tag = "zastro-realtime"
new_sqlite_classes = ["ZastroRealtime"]
`),
		text,
	);
	assert.ok(text.includes(`[exports.Room]\ntype = "durable-object"\nstorage = "sqlite"`), text);
});

test('the migrations of the chosen environment are named', () => {
	const migrations = [{ tag: 'v1', new_sqlite_classes: ['Room'] }];
	const text = undeployable({ migrations, targetEnvironment: 'staging' });
	assert.match(text, /the end of the `migrations` of the environment "staging"/);
});

test('an older Wrangler is told to be updated, with the lines for who cannot', () => {
	const text = undeployable({ configPath: '/site/wrangler.jsonc' }, { supportsExports: false });
	assert.match(text, /it does not know `exports`/);
	assert.match(text, /^npm install wrangler@4$/m);
	assert.ok(
		text.includes(`add this to wrangler.jsonc, and keep it:

"migrations": [
  { "tag": "zastro-realtime", "new_sqlite_classes": ["ZastroRealtime"] }
]`),
		text,
	);
	assert.deepEqual(plan({ migrations: [MIGRATION] }, { supportsExports: false }), {
		exportsClass: true,
		additions: BOUND,
	});
});

test('an older Wrangler is not told of `exports` where there are migrations', () => {
	const migrations = [{ tag: 'v1', new_sqlite_classes: ['Room'] }];
	assert.doesNotMatch(undeployable({ migrations }, { supportsExports: false }), /exports/);
});

test('a declaration without SQLite is an error', () => {
	const migrations = [{ tag: 'v1', new_classes: ['ZastroRealtime'] }];
	assert.match(wrong({ migrations }), /Name it in `new_sqlite_classes`/);
	const exports = { ZastroRealtime: { type: 'durable-object', storage: 'legacy-kv' } };
	const line = '"ZastroRealtime": { "type": "durable-object", "storage": "sqlite" }';
	assert.ok(wrong({ exports }).includes(line));
	assert.match(wrong({ exports: { ZastroRealtime: { type: 'workflow' } } }), /needs SQLite/);
});

test('channels of a class that the site has deleted are an error', () => {
	const deleted = [
		{ tag: 'v1', new_sqlite_classes: ['ZastroRealtime'] },
		{ tag: 'v2', deleted_classes: ['ZastroRealtime'] },
	];
	assert.match(wrong({ migrations: deleted }), /Declare the class again in a new entry/);
	const exports = { ZastroRealtime: { type: 'durable-object', state: 'deleted' } };
	assert.match(wrong({ exports }), /Remove `ZastroRealtime` from the `exports`/);
	const again = [...deleted, { tag: 'v3', new_sqlite_classes: ['ZastroRealtime'] }];
	assert.equal(plan({ migrations: again }).exportsClass, true);
});

test('a site without channels keeps the class if it declares it, and else has nothing of it', () => {
	const given = { hasChannels: false };
	const kept = { exportsClass: true, additions: {} };
	const none = { exportsClass: false, additions: {} };
	const migrations = [{ tag: 'v1', new_sqlite_classes: ['ZastroRealtime'] }];
	assert.deepEqual(plan({ migrations }, given), kept);
	assert.deepEqual(plan({ exports: { ZastroRealtime: EXPORT } }, given), kept);
	const deleted = [...migrations, { tag: 'v2', deleted_classes: ['ZastroRealtime'] }];
	assert.deepEqual(plan({ migrations: deleted }, given), none);
	const exports = { ZastroRealtime: { type: 'durable-object', state: 'deleted' } };
	assert.deepEqual(plan({ exports }, given), none);
	assert.deepEqual(plan({}, given), none);
	assert.deepEqual(plan({ migrations: [{ tag: 'v1', new_classes: ['Room'] }] }, given), none);
});

test('names of object members are no declaration', () => {
	assert.deepEqual(plan({ exports: Object.create({ ZastroRealtime: EXPORT }) }).additions, {
		...BOUND,
		exports: { ZastroRealtime: EXPORT },
	});
});
