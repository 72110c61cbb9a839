import { fillLocals, type SiteContext } from './prerendered.ts';

/** Runs before the site's own middleware. */
export function onRequest<Result>(context: SiteContext, next: () => Result): Result {
	fillLocals(context);
	return next();
}
