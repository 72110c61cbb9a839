/** What `zastro:realtime` exports to servers. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { isDevelopment } from 'virtual:astro-cloudflare:realtime';
import { notPrerendered } from '../../locals/prerendering.ts';
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

// No prerendered page is in a built Worker.
const site = isDevelopment
	? notPrerendered(currentSite, () => new AsyncLocalStorage())
	: currentSite;

// A Worker has what its code uses.
export const channels: UntypedChannels = /* @__PURE__ */ createChannels(site);
export const socket: UntypedSocket = /* @__PURE__ */ createSocket(site);

export const logMessage: DefaultHooks['logMessage'] = (message) =>
	createDefaultHooks(currentSite).logMessage(message);
export const logError: DefaultHooks['logError'] = (error, message) =>
	createDefaultHooks(currentSite).logError(error, message);
