import { RealtimeError } from '../../protocol/errors.ts';
import type { UntypedChannels } from '../base/types.ts';
import type { Client } from '../core.ts';
import { type ClientOptions, createProgramClient } from '../program.ts';
import { perChannel } from './per-channel.ts';

export type * from '../client.ts';
export { RealtimeError };

/**
 * Connects to the realtime channels of a site where each channel takes a connection of its own, when
 * the first one is joined.
 */
export function createClient<Channels = UntypedChannels>(options: ClientOptions): Client<Channels> {
	return createProgramClient(options, perChannel);
}
