/** What `zastro:realtime` exports to servers. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { notPrerendered } from '../../locals/prerendering.ts';
import {
	createChannels,
	createDefaultHooks,
	createSocket,
	type UntypedChannels,
	type UntypedSocket,
} from '../../realtime/define/handles.ts';
import type { DefaultHooks } from '../../realtime/define/handling/hooks.ts';
import type { Site } from '../../realtime/define/site.ts';
import { hub } from './process-hub.ts';

export { defineChannel } from '../../realtime/define/api/define-channel.ts';
export { binary } from '../../realtime/define/data/binary.ts';
export { RealtimeError } from '../../realtime/protocol/errors.ts';

/** @throws Error before the site's files were read, and in a prerendered page. */
const site = notPrerendered(
	(): Site => {
		if (hub.site !== undefined) return hub.site;
		throw new Error(
			'The channels are not loaded yet. They are once the server runs and `src/realtime` has no errors. A prerendered page has none: export `prerender = false` from it.',
		);
	},
	() => new AsyncLocalStorage(),
);

export const channels: UntypedChannels = createChannels(site);
export const socket: UntypedSocket = createSocket(site);

const hooks = createDefaultHooks(site);
export const logMessage: DefaultHooks['logMessage'] = hooks.logMessage;
export const logError: DefaultHooks['logError'] = hooks.logError;
