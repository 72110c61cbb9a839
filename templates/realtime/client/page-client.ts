import { PROTOCOL } from '../protocol/constants.ts';
import { RealtimeError } from '../protocol/errors.ts';
import { type Client, type CoreOptions, createCore } from './core.ts';
import { resolveUrl } from './url.ts';

export { RealtimeError };

export interface PageClientOptions extends CoreOptions {
	/** The path of the realtime endpoint. */
	readonly url: string;
}

declare const WebSocket: new (url: string, protocol: string) => never;

/**
 * The client of a site's own pages, the module behind `zastro:realtime/client`. It has nothing of
 * what only programs outside of pages need: tokens, headers, constructors.
 */
export function createPageClient({ url, ...options }: PageClientOptions): Client {
	return createCore({ open: () => new WebSocket(resolveUrl(url).href, PROTOCOL) }, options);
}
