import { hooks, options } from 'virtual:astro-cloudflare:websocket';
import { Site } from './site.ts';

/** The site that this module is built into. */
export const webSockets: Site = new Site(options, hooks);
