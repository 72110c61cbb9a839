import { PROTOCOL } from '../../protocol/constants.ts';
import { RealtimeError } from '../../protocol/errors.ts';
import { resolveUrl } from '../base/url.ts';
import { createCore, type PageClient } from '../core.ts';
import type { PageClientOptions } from '../page-client.ts';
import { type PresencePart, presence } from '../presence.ts';
import { perChannel } from './per-channel.ts';

export type { PageClient } from '../core.ts';
export type { PageClientOptions } from '../page-client.ts';
export { createRenderedClient } from '../rendered-client.ts';
export { type PresencePart, presence, RealtimeError };

declare const WebSocket: new (url: string, protocol: string) => never;

/**
 * The client of a site's own pages, as `page-client.ts`, where each channel takes a connection of its
 * own.
 *
 * @param part {@link presence}, if the site has channels with presence.
 */
export function createPageClient(
	{ url, ...options }: PageClientOptions,
	part?: PresencePart,
): PageClient {
	return createCore(
		{
			...options,
			open: (_token, query) => new WebSocket(`${resolveUrl(url).href}?${query}`, PROTOCOL),
		},
		part,
		perChannel,
	);
}
