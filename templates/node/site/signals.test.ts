import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';

const HERE = import.meta.url;

/** A standalone server in a separate process, started as upstream does. */
async function start(
	context: TestContext,
	siteCode = '',
): Promise<{ child: ChildProcess; port: number; output: string[] }> {
	const code = `
		import http from 'node:http';
		import { withWebSocketLocals } from ${JSON.stringify(new URL('./app.ts', HERE))};
		import { withHost, withUpgrade } from ${JSON.stringify(new URL('./server.ts', HERE))};
		import { withSignals } from ${JSON.stringify(new URL('./signals.ts', HERE))};
		const app = { adapterLogger: { warn() {}, error() {} } };
		const handler = withHost(withWebSocketLocals((request, response, next, locals) => {
			const { response: accepted } = locals.upgradeWebSocket();
			response.writeHead(101, Object.fromEntries(accepted.headers)).end();
		}, app), app);
		const server = http.createServer(handler);
		withSignals({ server: withUpgrade({ server, stop() {} }, handler) }, handler);
		server.listen(0, '127.0.0.1', () => console.log(server.address().port));
		${siteCode}
	`;
	const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	context.after(() => child.kill('SIGKILL'));
	const output: string[] = [];
	const lines = createInterface(child.stdout).on('line', (line) => output.push(line));
	const [line] = await once(lines, 'line');
	return { child, port: Number(line), output };
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
	test(`${signal} closes the sockets, and the process exits`, async (context) => {
		const { child, port } = await start(context);
		const client = new WebSocket(`ws://127.0.0.1:${port}/`);
		await once(client, 'open');
		const closed = once(client, 'close');
		child.kill(signal);
		assert.equal((await closed)[0], 1001);
		assert.deepEqual(await once(child, 'exit'), [0, null]);
	});
}

test('a timer of the site keeps the process alive only for a short time', async (context) => {
	const { child } = await start(context, 'setInterval(() => {}, 1000);');
	child.kill('SIGTERM');
	assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
});

test('a listener of the site gets the signal once, and has the time of a shutdown', async (context) => {
	const { child, output } = await start(
		context,
		`process.on('SIGTERM', () => {
			console.log('heard');
			setTimeout(() => process.exit(3), 1500);
		});`,
	);
	child.kill('SIGTERM');
	assert.deepEqual(await once(child, 'exit'), [3, null]);
	assert.deepEqual(output.slice(1), ['heard']);
});

test('a second signal ends the process even if the site listens', async (context) => {
	const { child, port } = await start(context, "process.on('SIGTERM', () => {});");
	const client = new WebSocket(`ws://127.0.0.1:${port}/`);
	client.on('error', () => {});
	await once(client, 'open');
	client.pause();
	child.kill('SIGTERM');
	await new Promise((resolve) => setTimeout(resolve, 100));
	assert.equal(child.exitCode, null);
	child.kill('SIGTERM');
	assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
	client.terminate();
});

test('the process exits after the last of its servers', async (context) => {
	const { child, port } = await start(
		context,
		`
		const otherApp = { ...app };
		const otherHandler = withHost(withWebSocketLocals(() => {}, otherApp), otherApp);
		const other = http.createServer(otherHandler);
		withSignals({ server: withUpgrade({ server: other, stop() {} }, otherHandler) }, otherHandler);
		`,
	);
	const client = new WebSocket(`ws://127.0.0.1:${port}/`);
	await once(client, 'open');
	// The client answers the close frame later than the process would exit after the other server.
	client.pause();
	const begin = performance.now();
	child.kill('SIGTERM');
	setTimeout(() => client.resume(), 1500);
	const [code] = await once(client, 'close');
	assert.equal(code, 1001);
	await once(child, 'exit');
	assert.ok(performance.now() - begin > 1500);
});

test('a second signal ends the process at once', async (context) => {
	const { child, port } = await start(context);
	const client = new WebSocket(`ws://127.0.0.1:${port}/`);
	client.on('error', () => {});
	await once(client, 'open');
	// The client will not answer the close frame.
	client.pause();
	child.kill('SIGTERM');
	await new Promise((resolve) => setTimeout(resolve, 100));
	assert.equal(child.exitCode, null);
	child.kill('SIGINT');
	assert.deepEqual(await once(child, 'exit'), [null, 'SIGINT']);
	client.terminate();
});
