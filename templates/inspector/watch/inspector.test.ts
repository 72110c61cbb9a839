import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { AstroIntegration } from 'astro';
import { ACT, UPDATE, type Update, WATCH } from '../report/events.ts';
import { Inspector } from './inspector.ts';

type Hook = (parameters: object) => Promise<void>;

/** A dev server with the inspector, without a network. */
async function start({ command = 'dev', enabled = true } = {}) {
	const mark = Symbol('mark');
	const setUp = Object.assign(async () => {}, { [mark]: true });
	const given: AstroIntegration = { name: 'adapter', hooks: { 'astro:config:setup': setUp } };
	const inspector = new Inspector();
	const { hooks } = inspector.around(given);
	const setup = hooks['astro:config:setup'] as Hook & { readonly [mark]?: boolean };
	const attach = hooks['astro:server:setup'] as Hook;
	const apps: object[] = [];
	await setup({
		command,
		config: { root: new URL('file:///site/'), devToolbar: { enabled } },
		addDevToolbarApp: (app: object) => apps.push(app),
	});
	const httpServer = new EventEmitter();
	const toolbar = new EventEmitter();
	const sent: Update[] = [];
	const logged: string[] = [];
	await attach({
		server: { httpServer, environments: { astro: {} } },
		logger: { info: (text: string) => logged.push(text) },
		toolbar: {
			on: (event: string, listener: (data: object) => void) => toolbar.on(event, listener),
			send(event: string, update: Update) {
				assert.equal(event, UPDATE);
				sent.push(update);
				toolbar.emit('sent');
			},
		},
	});
	httpServer.emit('listening');
	/** A refused handshake. */
	const refuse = (protocol?: string): void => {
		const socket = new PassThrough();
		const headers = {
			upgrade: 'websocket',
			connection: 'Upgrade',
			'sec-websocket-protocol': protocol,
		};
		httpServer.emit('upgrade', { method: 'GET', url: '/chat', headers }, socket, Buffer.alloc(0));
		socket.emit('close');
	};
	return { inspector, isMarked: setup[mark], apps, toolbar, sent, logged, refuse };
}

test('the toolbar has the inspector in a dev server, and what marks the adapter stays', async () => {
	const { apps, isMarked } = await start();
	assert.equal(apps.length, 1);
	assert.equal(isMarked, true);
});

test('a build, and a site without the toolbar, have no inspector', async () => {
	for (const options of [{ command: 'build' }, { command: 'preview' }, { enabled: false }]) {
		const { apps, toolbar, refuse, inspector, logged } = await start(options);
		assert.deepEqual(apps, []);
		refuse();
		inspector.failed('A handler failed', new Error('no'));
		assert.deepEqual(toolbar.eventNames(), []);
		assert.deepEqual(logged, []);
	}
});

test('an inspector that opens gets what came before, and then each change', async () => {
	const { toolbar, sent, refuse, inspector, logged } = await start();
	refuse();
	refuse();
	assert.equal(logged.length, 1);
	// The same process after a restart of its dev server.
	const restarted = await start();
	restarted.refuse();
	assert.deepEqual(restarted.logged, []);
	assert.equal(sent.length, 0);
	toolbar.emit(WATCH, { run: undefined, since: 0 });
	assert.deepEqual(
		sent[0]?.rows.map(({ number, label }) => [number, label]),
		[
			[1, 'no response'],
			[2, 'no response'],
		],
	);
	const next = new Promise((resolve) => toolbar.once('sent', resolve));
	inspector.failed('A handler failed', new Error('no'));
	await next;
	assert.deepEqual(
		sent[1]?.rows.map(({ kind, text }) => [kind, text]),
		[['error', 'A handler failed: Error: no']],
	);
	// Another page that has all rows, and one that has them from another run.
	toolbar.emit(WATCH, { run: sent[0]?.run, since: 3 });
	assert.deepEqual(sent[2]?.rows, []);
	toolbar.emit(WATCH, { run: 'another', since: 3 });
	assert.equal(sent[3]?.rows.length, 3);
});

test('the own connections of Vite are not shown, and unknown connections change nothing', async () => {
	const { toolbar, sent, refuse } = await start();
	refuse('vite-hmr');
	refuse('vite-ping');
	toolbar.emit(ACT, { type: 'drop', connection: 7 });
	toolbar.emit(WATCH, { run: undefined, since: 0 });
	assert.deepEqual(sent[0]?.rows, []);
});
