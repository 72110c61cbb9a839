import { RealtimeError } from '../protocol/errors.ts';
import type { UntypedChannels } from './base/types.ts';
import type { Client } from './core.ts';
import { type ClientOptions, createProgramClient } from './program.ts';

export type { Clock } from './base/clock.ts';
export type { Store, StoreListener } from './base/store.ts';
export type {
	Address,
	EventContext,
	Events,
	Gap,
	Handle,
	JoinOptions,
	ListenOptions,
	Member,
	Messages,
	Presence,
	SendOptions,
	Status,
	UntypedChannel,
	UntypedChannels,
	UntypedMessages,
	UserSocket,
} from './base/types.ts';
export type { Client } from './core.ts';
export type { ClientOptions } from './program.ts';
export type { WebSocketConstructor, WebSocketLike } from './web-socket.ts';
export { RealtimeError };

/** Connects to the realtime channels of a site, when the first one is joined. */
export function createClient<Channels = UntypedChannels>(options: ClientOptions): Client<Channels> {
	return createProgramClient(options);
}
