import { hooks, options } from 'virtual:astro-cloudflare:websocket';
import { Site } from './site.ts';

/** The site of this Worker. */
export const webSockets: Site = new Site(options, hooks);
