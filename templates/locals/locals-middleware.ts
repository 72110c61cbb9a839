import { fillLocals, routeOf, type SiteContext } from './prerendered.ts';
import { prerender } from './prerendering.ts';

/** Runs before the site's own middleware. */
export function onRequest<Result>(context: SiteContext, next: () => Result): Result {
	fillLocals(context);
	// Astro 4 does not tell for certain.
	if (context.isPrerendered !== true) return next();
	return prerender(routeOf(context), next);
}
