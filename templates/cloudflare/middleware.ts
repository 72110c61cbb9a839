import { ordinaryLocals } from './locals.ts';

/** The part of Astro's middleware that is needed here. */
type Middleware<Context, Result> = (context: Context, next: never) => Result;

/** A middleware that also gives their locals to requests that have none, as while a site is built. */
export function withOrdinaryLocals<Context extends { readonly locals: object }, Result>(
	middleware: Middleware<Context, Result>,
): Middleware<Context, Result> {
	return (context, next) => {
		if (!('isUpgradeRequest' in context.locals)) Object.assign(context.locals, ordinaryLocals());
		return middleware(context, next);
	};
}
