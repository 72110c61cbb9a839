import { resolveUrl } from './base/url.ts';
import { createClosable } from './closable.ts';
import type { ConnectionOptions } from './connection.ts';
import type { Client, Connect } from './core.ts';
import { presence } from './presence.ts';
import { createRenderedClient } from './rendered-client.ts';
import { openWebSocket, type WebSocketConstructor } from './web-socket.ts';

export interface ClientOptions extends ConnectionOptions {
	/** Whether pages are rendered here. Nothing is connected then, and handles do nothing. */
	readonly isServer?: boolean | undefined;
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

/**
 * The client of programs outside of a site's own pages.
 *
 * @throws TypeError if `url` is no address of a site. Later it would look like a lost connection.
 */
export function createProgramClient<Channels>(
	options: ClientOptions,
	connect?: Connect,
): Client<Channels> {
	const { auth } = options;
	if (options.isServer) return createRenderedClient(presence);
	let address: URL | undefined;
	try {
		address = resolveUrl(options.url);
	} catch {
		// `new URL()` would only say that some URL is invalid.
	}
	if (!address?.protocol.startsWith('ws')) {
		throw new TypeError(`\`url\` is no address of a site: ${options.url}`);
	}
	const isMade = typeof auth === 'function';
	return createClosable(
		{
			...options,
			makeToken: isMade ? auth : undefined,
			open: (token, query) => openWebSocket(options, isMade ? token : auth, query),
		},
		presence,
		connect,
	);
}
