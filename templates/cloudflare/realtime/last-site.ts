import type { Site } from '../../realtime/define/site.ts';

const LAST_SITE = Symbol.for('zastro-realtime.site');

/** What outlives the modules of a Worker. */
type Kept = { [LAST_SITE]?: Site };

/** Keeps the site for modules that run again. */
export function keepSite(site: Site): void {
	(globalThis as Kept)[LAST_SITE] = site;
}

/** The site that any run of the modules has kept last. */
export function lastSite(): Site | undefined {
	return (globalThis as Kept)[LAST_SITE];
}
