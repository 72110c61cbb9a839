import type { AstroConfig, AstroIntegration } from 'astro';
import { packageName } from './package-name.ts';

type Setup = Pick<
	Parameters<NonNullable<AstroIntegration['hooks']['astro:config:setup']>>[0],
	'addMiddleware'
> & { readonly config: AnyConfig };

/** The configuration of any Astro version. */
type AnyConfig = Pick<AstroConfig, 'root'> & {
	/** Since Astro 5; `false` since 7. */
	readonly session?: unknown;
};

/**
 * Adds the middleware of the package before the site's own.
 *
 * @param entrypoint Returns the module of a middleware. Default: the export of the package.
 */
export function addSiteMiddleware(
	{ addMiddleware, config }: Setup,
	entrypoint: (name: string) => string = (name) => `${packageName()}/middleware/${name}`,
): void {
	const add = (name: string): void =>
		addMiddleware?.({ order: 'pre', entrypoint: entrypoint(name) });
	add('locals');
	// Without sessions, Astro warns of every access.
	if (config.session !== false) add('session');
}
