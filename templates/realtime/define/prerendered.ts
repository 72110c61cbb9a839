/**
 * What `zastro:realtime` exports to prerendered pages, where Astro builds them on their own: all but
 * the channels, which exist once the site runs.
 */

import { noChannels } from '../../locals/prerendering.ts';
import {
	createChannels,
	createDefaultHooks,
	createSocket,
	type UntypedChannels,
	type UntypedSocket,
} from './handles.ts';
import type { DefaultHooks } from './handling/hooks.ts';

export { RealtimeError } from '../protocol/errors.ts';
export { defineChannel } from './api/define-channel.ts';
export { binary } from './data/binary.ts';

/** Astro adds the name of the page. */
function site(): never {
	throw new Error(noChannels('The page'));
}

export const channels: UntypedChannels = createChannels(site);
export const socket: UntypedSocket = createSocket(site);

const hooks = createDefaultHooks(site);
export const logMessage: DefaultHooks['logMessage'] = hooks.logMessage;
export const logError: DefaultHooks['logError'] = hooks.logError;
