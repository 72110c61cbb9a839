import { getConnectionManager } from 'zastro-websockets-node/connection-manager';

/** The events reported to the listeners below, for `/api/told`. */
export const told: string[] = [];

export const manager = getConnectionManager({
	maxConnections: 3,
	maxConnectionsPerIP: 10,
	idleTimeout: 300_000,
	rateLimitWindow: 60_000,
	rateLimitMaxConnections: 6,
	enableHealthMonitoring: true,
	// A short interval: the test must not wait a minute.
	cleanupInterval: 100,
	customCleanupPolicy: (connection) => {
		return connection.tags.has('temporary') && connection.age > 300;
	},
});

manager.on('connection:added', (connection) => {
	told.push(`added ${connection.id}`);
});

manager.on('pool:full', (rejected) => {
	told.push(`pool full, rejected ${rejected.ip}`);
});

manager.on('ratelimit:exceeded', (ip, attempts) => {
	told.push(`rate limit exceeded by ${ip}, handshake ${attempts}`);
});

manager.on('connection:health', (connectionId, result) => {
	if (!result.healthy) {
		told.push(`unhealthy ${connectionId}: ${result.error}`);
	}
});
