import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WEBSOCKET_DEFAULTS } from '../../../options/options.ts';
import { type ConnectionManagerOptions, ManagerConfiguration } from './manager-options.ts';

test("the manager's options apply to every site, and the others are the site's own", () => {
	const configuration = new ManagerConfiguration();
	const site = { ...WEBSOCKET_DEFAULTS, maxPayload: 5 };
	assert.equal(configuration.effective(site), site);
	configuration.configure({ maxConnections: 3 });
	const { maxConnections, maxPayload } = configuration.effective(site);
	assert.deepEqual([maxConnections, maxPayload], [3, 5]);
	assert.equal(configuration.effective(site), configuration.effective(site));
});

test('repeating a value is allowed, changing it is not', () => {
	const configuration = new ManagerConfiguration();
	configuration.configure({ maxConnections: 3 });
	configuration.configure({ maxConnections: 3, idleTimeout: 1000 });
	assert.throws(
		() => configuration.configure({ maxConnections: 4 }),
		/another `maxConnections`: 3, not 4/,
	);
	assert.equal(configuration.values.maxConnections, 3);
});

test('contradicting values of the adapter and the manager are an error in either order', () => {
	const adapter = { ...WEBSOCKET_DEFAULTS, maxConnections: 100 };
	const before = new ManagerConfiguration();
	before.adopt(adapter, false);
	before.configure({ maxConnections: 100 });
	assert.throws(
		() => before.configure({ maxConnections: 200 }),
		/contradict .* `maxConnections`: 200 and 100/,
	);
	const behind = new ManagerConfiguration();
	behind.configure({ maxConnections: 200 });
	assert.throws(() => behind.adopt(adapter, false), /contradict/);
});

test('options passed after the first connection apply to later connections', () => {
	const configuration = new ManagerConfiguration();
	const site = { ...WEBSOCKET_DEFAULTS };
	configuration.isInUse = true;
	assert.equal(configuration.effective(site).idleTimeout, WEBSOCKET_DEFAULTS.idleTimeout);
	assert.equal(configuration.configure({ idleTimeout: 1 }), true);
	assert.equal(configuration.effective(site).idleTimeout, 1);
	assert.equal(configuration.configure({ idleTimeout: 1 }), false);
});

test('in dev the options of the manager may change', () => {
	const configuration = new ManagerConfiguration();
	configuration.adopt(WEBSOCKET_DEFAULTS, true);
	configuration.configure({ maxConnections: 1 });
	configuration.isInUse = true;
	assert.equal(configuration.configure({ maxConnections: 2 }), true);
	assert.equal(configuration.effective(WEBSOCKET_DEFAULTS).maxConnections, 2);
});

test('errors name the invalid option', () => {
	const wrong: [unknown, RegExp][] = [
		[{ maxConnections: 0 }, /`getConnectionManager\.maxConnections` must be a whole number/],
		[{ maxConnection: 1 }, /`getConnectionManager\.maxConnection` is not an option/],
		[{ maxPayload: 1 }, /is not an option/],
		[{ customCleanupPolicy: 'all' }, /must be a function, got: "all"/],
		[{ cleanupInterval: 0.5 }, /cleanupInterval` must be a whole number of milliseconds/],
		[{ enableHealthMonitoring: 'yes' }, /must be true or false/],
	];
	for (const [options, message] of wrong) {
		const configuration = new ManagerConfiguration();
		assert.throws(() => configuration.configure(options as ConnectionManagerOptions), message);
	}
});

test('health monitoring and clean-up are off by default', () => {
	const configuration = new ManagerConfiguration();
	assert.deepEqual([configuration.health, configuration.cleanup], [undefined, undefined]);
	configuration.configure({ enableHealthMonitoring: true, maxMissedPings: 5 });
	assert.deepEqual(configuration.health, { interval: 30_000, maxMissedPings: 5 });
});
