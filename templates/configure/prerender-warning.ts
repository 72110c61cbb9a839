import { readFileSync } from 'node:fs';
import type { AstroIntegration } from 'astro';
import { noChannels } from '../locals/prerendering.ts';
import { prerendered } from '../socket/errors.ts';

/** A route of the site. */
interface Route {
	readonly pattern: string;
	readonly entrypoint: string;
	readonly isPrerendered: boolean;
}

/** The hook `astro:routes:resolved`, in Astro's types since Astro 5. */
type RoutesResolved = (parameters: { readonly routes: readonly Route[] }) => unknown;

/** Parameters of `astro:build:done` up to Astro 5. */
interface BuiltRoutes {
	readonly routes?: readonly BuiltRoute[];
}

interface BuiltRoute {
	readonly route: string;
	readonly component: string;
	readonly prerender: boolean;
}

/** The locals used by a route to upgrade. */
const UPGRADES = /\b(?:upgradeWebSocket|isUpgradeRequest)\b/;

/** The import of what has no use while a site is built. */
const CHANNELS =
	/\bimport\s*\{[^}]*\b(?:channels|socket)\b[^}]*\}\s*from\s*['"]zastro:realtime['"]/;

/**
 * Makes a build warn of prerendered routes that use the WebSocket locals or channels. The channels
 * throw an error as well, but a route may catch it, and Astro 6 builds an empty page of it on
 * Cloudflare.
 */
export function withPrerenderWarning(integration: AstroIntegration): AstroIntegration {
	const { hooks } = integration;
	const routesResolved = hooks['astro:routes:resolved'] as RoutesResolved | undefined;
	let root: URL | undefined;
	let resolved: readonly Route[] = [];

	return {
		...integration,
		hooks: {
			...hooks,
			'astro:config:done': async (parameters) => {
				await hooks['astro:config:done']?.(parameters);
				root = parameters.config.root;
			},
			'astro:routes:resolved': async (parameters: Parameters<RoutesResolved>[0]) => {
				await routesResolved?.(parameters);
				resolved = parameters.routes;
			},
			'astro:build:done': async (parameters) => {
				await hooks['astro:build:done']?.(parameters);
				const { routes = [] }: typeof parameters & BuiltRoutes = parameters;
				const all = resolved.length > 0 ? resolved : routes.map(asResolved);
				for (const { pattern, entrypoint, isPrerendered } of all) {
					if (!isPrerendered) continue;
					const source = sourceOf(entrypoint, root);
					const { logger } = parameters;
					if (UPGRADES.test(source)) logger.warn(prerendered(pattern, entrypoint));
					if (CHANNELS.test(source)) logger.warn(noChannels(`The route "${pattern}"`, entrypoint));
				}
			},
		},
	};
}

function asResolved({ route, component, prerender }: BuiltRoute): Route {
	return { pattern: route, entrypoint: component, isPrerendered: prerender };
}

/** The source of a route. Routes of packages are skipped, because the site cannot change them. */
function sourceOf(entrypoint: string, root: URL | undefined): string {
	if (root === undefined || /(^|\/)node_modules\//.test(entrypoint)) return '';
	try {
		return readFileSync(new URL(entrypoint, root), 'utf-8');
	} catch {
		return '';
	}
}
