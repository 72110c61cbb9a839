import type { AstroConfig, AstroIntegration } from 'astro';
import { packageName } from './package-name.ts';

type Setup = Pick<
	Parameters<NonNullable<AstroIntegration['hooks']['astro:config:setup']>>[0],
	'addMiddleware'
> & { readonly config: AnyConfig };

/** A configuration of any Astro. */
type AnyConfig = Pick<AstroConfig, 'root'> & {
	/** Since Astro 5; `false` since 7. */
	readonly session?: unknown;
};

/**
 * Adds the middleware of the package in front of the site's own.
 *
 * @param entrypoint Gives the module of a middleware. Default: the export of the package.
 */
export function addSiteMiddleware(
	{ addMiddleware, config }: Setup,
	entrypoint: (name: string) => string = (name) => `${packageName()}/middleware/${name}`,
): void {
	const add = (name: string): void =>
		addMiddleware?.({ order: 'pre', entrypoint: entrypoint(name) });
	add('locals');
	// Astro warns of every access where there are none.
	if (config.session !== false) add('session');
}
