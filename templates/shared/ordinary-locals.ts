import { notAnUpgradeRequest } from './errors.ts';
import type { WebSocketLocals } from './types.ts';

/** What requests that are no upgrade get. */
export const ORDINARY: WebSocketLocals = {
	isUpgradeRequest: false,
	upgradeWebSocket() {
		throw notAnUpgradeRequest();
	},
};
