/** `zastro-websockets-cloudflare/stats`: statistics of a channel. */

import type { PathParams, SiteFile } from '../../realtime/define/api/register.ts';
import type { RealtimeStats } from '../../realtime/server/stats.ts';
import { resolveTarget } from '../../realtime/server/targets.ts';
import { ask } from './base/object-calls.ts';
import { channelName } from './base/object-name.ts';
import { currentSite, objectOf } from './worker-runtime.ts';

export type { EngineStatus } from '../../realtime/user/engine.ts';
export type { RealtimeStats };

/**
 * Returns the current state of a channel, and its totals since its object woke. The call wakes the
 * object, and is a billed request.
 *
 * @param file The path of the channel's file below `src/realtime`, without its extension.
 * @param params The values of its parameters.
 * @throws RealtimeError for a channel that does not exist or cannot be reached.
 */
export async function getChannelStats<File extends SiteFile>(
	file: File,
	params: PathParams<File>,
): Promise<RealtimeStats> {
	const { key } = resolveTarget(currentSite(), file, params);
	return await ask(objectOf(channelName(key)), 'stats');
}
