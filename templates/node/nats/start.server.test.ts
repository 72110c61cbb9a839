import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { TestContext } from 'node:test';
import { newPrefix, until } from '../engine/engine.fixture.ts';
import { connectorWith } from './connection/connector.ts';
import { askApi, direct, NATS_URL, natsModule, Process, serverTest } from './nats.fixture.ts';
import { NatsServer, ownServerTest } from './own-server.fixture.ts';

/** A start that must fail with this code, and say this. */
async function fails(
	url: string,
	code: string,
	message: RegExp,
	prefix = newPrefix(),
): Promise<void> {
	const { engine } = new Process(prefix, { NATS_URL: url });
	await assert.rejects(engine.start(), (error: Error) => {
		assert.equal(Reflect.get(error, 'code'), code, String(error));
		assert.match(error.message, message);
		assert.match(error.message, /\n {2}hint: \S/);
		assert.doesNotMatch(error.stack ?? '', /swordfish/);
		return true;
	});
}

ownServerTest('a server without JetStream is refused at the start', async (context) => {
	const server = await NatsServer.start(context, '--name', 'plain');
	await fails(server.url, 'NATS_JETSTREAM', /JetStream is not enabled/);
});

ownServerTest('a wrong password or token is refused, and not printed', async (context) => {
	const server = await NatsServer.start(context, '--user', 'ada', '--pass', 'right', '--jetstream');
	const place = `127.0.0.1:${server.port}`;
	for (const login of ['', 'ada:swordfish@', 'swordfish@']) {
		await fails(`nats://${login}${place}`, 'NATS_AUTHENTICATION', /refuses the user/);
	}
	const { engine } = new Process(newPrefix(), { NATS_URL: `nats://ada:right@${place}` });
	context.after(() => engine.close());
	await engine.start();
	assert.equal(engine.status.state, 'up');
});

serverTest(
	'a server that is too old, or takes too little, is refused at the start',
	async (context) => {
		const old = await says(context, { version: '2.11.9', max_payload: 1_048_576 });
		await fails(old, 'NATS_VERSION', /has the version 2\.11\.9[\s\S]*2\.12 or later/);
		const small = await says(context, { version: '2.12.0', max_payload: 65_536 });
		await fails(small, 'NATS_PAYLOAD', /takes messages of 65536 bytes/);
	},
);

serverTest('TLS to a plain port is refused at the start', async () => {
	const url = (NATS_URL ?? '').replace('nats:', 'tls:');
	await fails(url, 'NATS_TLS', /does not speak TLS/);
});

serverTest('a prefix of another site is refused at the start', async (context) => {
	const prefix = newPrefix();
	const one = new Process(prefix, { NATS_URL });
	context.after(() => one.engine.close());
	await one.engine.start();
	await changeMetadata(prefix, { 'realtime-format': '99', 'realtime-site': 'test' });
	await fails(NATS_URL ?? '', 'NATS_DATA_NEWER', /newer version/, prefix);
	await changeMetadata(prefix, { 'realtime-format': '1', 'realtime-site': 'shop' });
	await fails(NATS_URL ?? '', 'NATS_PREFIX_TAKEN', /belongs to the site `shop`/, prefix);
});

serverTest('the hooks file gives options, and no connection', async () => {
	const module = await natsModule();
	for (const given of [await direct(), Promise.resolve({}), 'nats://here', null]) {
		assert.throws(() => connectorWith(module, given, undefined), { code: 'NATS_CLIENT_INVALID' });
	}
	const servers = [new URL(NATS_URL ?? '').host];
	const connection = await connectorWith(module, { servers }, undefined).connect();
	assert.equal(connection.info?.version.split('.')[0], '2');
	await connection.close();
});

ownServerTest('a server that is not there yet is told once, and joined later', async (context) => {
	const server = await NatsServer.start(context);
	await server.kill();
	const one = new Process(newPrefix(), { NATS_URL: server.url });
	context.after(() => one.engine.close());
	await one.engine.start();
	assert.equal(one.engine.status.state, 'down');
	assert.equal(one.host.reports.length, 1);
	assert.match(String(one.host.reports), /does not work[\s\S]*cannot be reached/);
	await server.start();
	await until('it is up', () => one.engine.status.state === 'up');
	assert.equal(one.host.reports.length, 1);
});

/** Starts what says this of itself, as a server of NATS does. Returns its address. */
async function says(context: TestContext, info: object): Promise<string> {
	const server = createServer((socket) => {
		socket.write(`INFO ${JSON.stringify({ server_id: 'old', proto: 1, ...info })}\r\n`);
		socket.on('data', (data) => {
			if (String(data).includes('PING')) socket.write('PONG\r\n');
		});
		socket.on('error', () => {});
		context.after(() => socket.destroy());
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	context.after(() => server.close());
	return `nats://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function changeMetadata(
	prefix: string,
	metadata: Readonly<Record<string, string>>,
): Promise<void> {
	const name = `realtime_${prefix}_log`;
	const { config } = (await askApi(`STREAM.INFO.${name}`)) as { readonly config?: object };
	await askApi(`STREAM.UPDATE.${name}`, { ...config, metadata });
}
