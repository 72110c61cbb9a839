import type { HandlerContext } from '../../../realtime/define/api/runtime.ts';
import type { Site } from '../../../realtime/define/site.ts';

/** The code that runs in an object. */
export interface Current {
	/** The object's own. */
	readonly site: Site;
	readonly handler?: HandlerContext | undefined;
}
