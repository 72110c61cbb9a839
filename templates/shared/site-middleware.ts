import type { AstroIntegration } from 'astro';
import { packageName } from './package-name.ts';

type Setup = Pick<
	Parameters<NonNullable<AstroIntegration['hooks']['astro:config:setup']>>[0],
	'addMiddleware' | 'config'
>;

/** Adds the middleware of the package in front of the site's own. */
export function addSiteMiddleware({ addMiddleware, config }: Setup): void {
	const add = (name: string): void =>
		addMiddleware?.({ order: 'pre', entrypoint: `${packageName()}/middleware/${name}` });
	add('locals');
	// Astro warns of every access where there are none.
	if (Reflect.get(config, 'session') !== false) add('session');
}
