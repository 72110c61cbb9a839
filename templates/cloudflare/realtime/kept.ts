import type { ContextStore } from '../../realtime/define/api/runtime.ts';
import type { SiteModules } from '../../realtime/define/reading/site-file.ts';
import type { Site } from '../../realtime/define/site.ts';
import type { Current } from './base/current.ts';

const KEPT = Symbol.for('zastro-realtime.kept');

/** What outlives the modules of a Worker, all of which run again after an edit in `astro dev`. */
export interface Kept {
	/** The site that any run of the modules has read last. */
	site?: Site;
	/** The last channel files without an error. */
	modules?: SiteModules;
	/** Shared, because the modules of those files ask an earlier run which code runs. */
	current?: ContextStore<Current>;
}

/** What the runs of the modules share. For `astro dev` alone. */
export function kept(): Kept {
	const all = globalThis as { [KEPT]?: Kept };
	all[KEPT] ??= {};
	return all[KEPT];
}

/** The first run's, in each run. */
export function keptCurrent(create: () => ContextStore<Current>): ContextStore<Current> {
	const all = kept();
	all.current ??= create();
	return all.current;
}
