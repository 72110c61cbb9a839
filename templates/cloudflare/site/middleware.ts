import { fillLocals, type SiteContext } from '../../locals/prerendered.ts';

/** The part of Astro's middleware that is needed here. */
type Middleware<Context, Result> = (context: Context, next: never) => Result;

/** A middleware that also gives their locals to requests that have none, as while a site is built. */
export function withOrdinaryLocals<Context extends SiteContext, Result>(
	middleware: Middleware<Context, Result>,
): Middleware<Context, Result> {
	return (context, next) => {
		fillLocals(context);
		return middleware(context, next);
	};
}
