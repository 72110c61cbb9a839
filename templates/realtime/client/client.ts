import { RealtimeError } from '../protocol/errors.ts';
import { type Client, type CoreOptions, createCore } from './core.ts';
import type { UntypedChannels } from './types.ts';
import { openWebSocket, type WebSocketConstructor } from './web-socket.ts';

export type { Clock } from './clock.ts';
export type { Client } from './core.ts';
export type { Store, StoreListener } from './store.ts';
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
} from './types.ts';
export type { WebSocketConstructor, WebSocketLike } from './web-socket.ts';
export { RealtimeError };

export interface ClientOptions extends CoreOptions {
	/**
	 * The site, `https://example.com`, or its realtime endpoint, `https://example.com/base/_realtime`.
	 * Also with `ws:` or `wss:`. In a page a path of its site.
	 */
	readonly url: string | URL;
	/** Headers of the handshake, for Node, Bun, Deno and React Native. Browsers have none. */
	readonly headers?: Readonly<Record<string, string>> | undefined;
	/** A token, or what makes one for each connection. The site finds it in `authenticate`. */
	readonly auth?: string | (() => string | Promise<string>) | undefined;
	/**
	 * A constructor in place of the global one. With `headers` it is called as the one of `ws`:
	 * `(url, protocols, { headers })`.
	 */
	readonly WebSocket?: WebSocketConstructor | undefined;
}

/** Connects to the realtime channels of a site, when the first one is joined. */
export function createClient<Channels = UntypedChannels>(options: ClientOptions): Client<Channels> {
	const { auth } = options;
	if (typeof auth !== 'function') {
		return createCore({ open: () => openWebSocket(options, auth) }, options);
	}
	let token: string | undefined;
	return createCore(
		{
			async prepare() {
				token = await auth();
			},
			open: () => openWebSocket(options, token),
		},
		options,
	);
}
