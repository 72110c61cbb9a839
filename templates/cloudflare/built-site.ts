import { hooks, options } from 'virtual:astro-cloudflare:websocket';
import { createSite, type Site } from './site.ts';

/** The site that this module is built into. */
export const site: Site = createSite(options, hooks);
