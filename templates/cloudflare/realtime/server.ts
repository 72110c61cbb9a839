/** What `zastro:realtime` exports to servers. */

import {
	createChannels,
	createDefaultHooks,
	createSocket,
	type UntypedChannels,
	type UntypedSocket,
} from '../../realtime/define/handles.ts';
import type { DefaultHooks } from '../../realtime/define/handling/hooks.ts';
import { currentSite } from './worker-runtime.ts';

export { defineChannel } from '../../realtime/define/api/define-channel.ts';
export { binary } from '../../realtime/define/data/binary.ts';
export { RealtimeError } from '../../realtime/protocol/errors.ts';

// A Worker has what its code uses.
export const channels: UntypedChannels = /* @__PURE__ */ createChannels(currentSite);
export const socket: UntypedSocket = /* @__PURE__ */ createSocket(currentSite);

export const logMessage: DefaultHooks['logMessage'] = (message) =>
	createDefaultHooks(currentSite).logMessage(message);
export const logError: DefaultHooks['logError'] = (error, message) =>
	createDefaultHooks(currentSite).logError(error, message);
