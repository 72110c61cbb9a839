/** What `zastro:realtime` exports in tests. */

import {
	createChannels,
	createDefaultHooks,
	createSocket,
	type UntypedChannels,
	type UntypedSocket,
} from '../../realtime/define/handles.ts';
import type { DefaultHooks } from '../../realtime/define/handling/hooks.ts';
import { currentSite } from './current-site.ts';

export { defineChannel } from '../../realtime/define/api/define-channel.ts';
export { binary } from '../../realtime/define/data/binary.ts';
export { RealtimeError } from '../../realtime/protocol/errors.ts';

export const channels: UntypedChannels = createChannels(currentSite);
export const socket: UntypedSocket = createSocket(currentSite);

const hooks = createDefaultHooks(currentSite);
export const logMessage: DefaultHooks['logMessage'] = hooks.logMessage;
export const logError: DefaultHooks['logError'] = hooks.logError;
