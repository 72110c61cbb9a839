import { fillLocals, type SiteContext } from '../../locals/prerendered.ts';

/** The used part of Astro's middleware. */
type Middleware<Context, Result> = (context: Context, next: never) => Result;

/** A middleware that adds the locals to requests without any, for example during a build. */
export function withOrdinaryLocals<Context extends SiteContext, Result>(
	middleware: Middleware<Context, Result>,
): Middleware<Context, Result> {
	return (context, next) => {
		fillLocals(context);
		return middleware(context, next);
	};
}
