import type { Plugin } from 'vite';
import { constantsPlugin } from '../../configure/constants-plugin.ts';
import type { ResolvedRealtimeOptions } from './realtime-options.ts';

/** What `cloudflare/realtime` needs to know of the configuration. */
export interface RealtimeSettings extends ResolvedRealtimeOptions {
	/** Whether the site runs in `astro dev`, or in its tests. */
	readonly isDevelopment: boolean;
	/** Whether the site's paths end with a slash. */
	readonly hasTrailingSlash: boolean;
	/** `websocket.maxMessagesPerSecond`. */
	readonly maxMessagesPerSecond: number;
}

/** Provides the module that `cloudflare/realtime` reads its settings from. */
export function settingsPlugin(settings: RealtimeSettings): Plugin {
	return constantsPlugin('virtual:astro-cloudflare:realtime', settings);
}
