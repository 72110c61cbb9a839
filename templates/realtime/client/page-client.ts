import { PROTOCOL } from '../protocol/constants.ts';
import { RealtimeError } from '../protocol/errors.ts';
import { resolveUrl } from './base/url.ts';
import type { ConnectionOptions } from './connection.ts';
import { createCore, type PageClient } from './core.ts';
import { type PresencePart, presence } from './presence.ts';

export type { PageClient } from './core.ts';
export { createRenderedClient } from './rendered-client.ts';
export { type PresencePart, presence, RealtimeError };

export interface PageClientOptions extends ConnectionOptions {
	/** The path of the realtime endpoint. */
	readonly url: string;
}

declare const WebSocket: new (url: string, protocol: string) => never;

/**
 * The client of a site's own pages, the module behind `zastro:realtime/client`. It has nothing of
 * what only programs outside of pages need: tokens, headers, constructors.
 *
 * @param part {@link presence}, if the site has channels with presence.
 */
export function createPageClient(options: PageClientOptions, part?: PresencePart): PageClient {
	return createCore(
		{ ...options, open: () => new WebSocket(resolveUrl(options.url).href, PROTOCOL) },
		part,
	);
}
