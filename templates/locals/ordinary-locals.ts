import { NOT_AN_UPGRADE_REQUEST } from '../socket/errors.ts';
import type { WebSocketLocals } from './types.ts';

/** What requests that are no upgrade get. */
export const ORDINARY: WebSocketLocals = {
	isUpgradeRequest: false,
	upgradeWebSocket() {
		throw new Error(NOT_AN_UPGRADE_REQUEST);
	},
};
