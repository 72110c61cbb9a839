import { getConnectionManager } from 'zastro-websockets-node/connection-manager';
import { record } from './journal';

/** The limits and services of this process. The module loads before the first connection. */
const manager = getConnectionManager({
	maxConnections: 3,
	cleanupInterval: 100,
	customCleanupPolicy: async ({ tags, data }) => {
		if (data.mood === 'unknown') throw new Error('the policy does not know');
		return tags.has('temporary');
	},
});

manager.on('pool:full', ({ limit, most }) => record('pool', `${limit} ${most}`));
