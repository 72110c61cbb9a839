import assert from 'node:assert/strict';
import {
	clientModule,
	newPrefix,
	REDIS_URL,
	RealHost,
	serverTest,
	until,
} from '../redis.fixture.ts';
import { RedisEngine } from '../redis-engine.ts';
import type { RedisClient } from './client.ts';
import { clientsLike } from './clients.ts';

serverTest(
	'an engine takes the options of a client of the site, and leaves it alone',
	async (context) => {
		const { Redis } = (await clientModule()) as {
			Redis: new (url: string, options: object) => RedisClient;
		};
		const own = new Redis(REDIS_URL ?? '', { keyPrefix: 'own:', lazyConnect: true, db: 3 });
		await own.connect();
		context.after(() => own.disconnect());
		const host = new RealHost();
		const engine = new RedisEngine({
			site: 'test',
			prefix: newPrefix(),
			clients: async () => clientsLike(own),
			host,
			log: () => {},
		});
		context.after(() => engine.close());
		await engine.start();
		assert.equal(engine.status.state, 'up');
		const position = await engine.log.append(
			'lobby',
			{ name: 'said', data: '1', at: 1 },
			{ size: 1, ttl: 60 },
		);
		assert.equal((await engine.log.last('lobby', 1)).head, position);
		await engine.close();
		assert.equal(String(await own.callBuffer('PING')), 'PONG');
		assert.deepEqual(host.reports, []);
	},
);

serverTest('a client of the site may gather its commands by itself', async (context) => {
	const { Redis } = (await clientModule()) as {
		Redis: new (url: string, options: object) => RedisClient;
	};
	const own = new Redis(REDIS_URL ?? '', { lazyConnect: true, enableAutoPipelining: true });
	const engine = new RedisEngine({
		site: 'test',
		prefix: newPrefix(),
		clients: async () => clientsLike(own),
		host: new RealHost(),
		log: () => {},
	});
	context.after(() => engine.close());
	await engine.start();
	const entry = { name: 'said', data: '1', at: 1 };
	const append = () => engine.log.append('lobby', entry, { size: 10, ttl: 60 });
	const position = (await Promise.all([append(), append()]))[1];
	assert.equal((await engine.log.last('lobby', 10)).head, position);
});

serverTest('a Cluster of the site may do so, too, and put its keys elsewhere', async () => {
	let options = {};
	const cluster = {
		isCluster: true,
		options: { enableAutoPipelining: true, keyPrefix: 'own:' },
		callBuffer() {},
		duplicate(_: readonly unknown[], others: object) {
			options = { ...this.options, ...others };
		},
	};
	clientsLike(cluster).commands();
	const given = ['enableAutoPipelining', 'keyPrefix'].map((name) => Reflect.get(options, name));
	assert.deepEqual(given, [false, '']);
});

serverTest('something else in its place is refused', async () => {
	for (const given of ['redis://localhost', {}, null, () => {}]) {
		assert.throws(() => clientsLike(given), { code: 'REDIS_CLIENT_INVALID' });
	}
});

serverTest('an engine that is closed ends its connections', async (context) => {
	const { Redis } = (await clientModule()) as { Redis: new (url: string) => RedisClient };
	const own = new Redis(REDIS_URL ?? '');
	context.after(() => own.disconnect());
	const prefix = newPrefix();
	const engine = new RedisEngine({
		site: 'test',
		prefix,
		clients: async () => clientsLike(own),
		host: new RealHost(),
		log: () => {},
	});
	await engine.start();
	const listening = async (): Promise<string> =>
		String(((await own.callBuffer('PUBSUB', 'NUMSUB', `${prefix}@0:site`)) as unknown[])[1]);
	assert.equal(await listening(), '1');
	await engine.close();
	await until('it is gone', async () => (await listening()) === '0');
	assert.equal(engine.status.state, 'down');
	await assert.rejects(engine.log.last('lobby', 1), { code: 'SERVICE_UNAVAILABLE' });
});
