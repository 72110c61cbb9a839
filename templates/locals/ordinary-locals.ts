import { NOT_AN_UPGRADE_REQUEST } from '../socket/errors.ts';
import type { WebSocketLocals } from './types.ts';

/** The locals of ordinary requests. */
export const ORDINARY: WebSocketLocals = {
	isUpgradeRequest: false,
	upgradeWebSocket() {
		throw new Error(NOT_AN_UPGRADE_REQUEST);
	},
};
