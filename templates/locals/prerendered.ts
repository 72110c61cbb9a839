import { prerendered } from '../socket/errors.ts';
import { ORDINARY } from './ordinary-locals.ts';
import type { WebSocketLocals } from './types.ts';

/** The part of Astro's context used here. */
export interface SiteContext {
	readonly locals: object & Partial<WebSocketLocals>;
	readonly request: Request;
	readonly url: URL;
	/** Since Astro 5. */
	readonly isPrerendered?: boolean;
	readonly routePattern?: string;
}

/** The locals of a prerendered route: no handshake can be accepted, and the error says why. */
export function prerenderedLocals(route: string): WebSocketLocals {
	return {
		isUpgradeRequest: false,
		upgradeWebSocket() {
			throw new Error(prerendered(route));
		},
	};
}

/**
 * Adds the locals to a request without any, and replaces those of a prerendered route. `astro dev`
 * renders such a route for each request. Without the replacement, a handshake would be accepted
 * there and refused in production.
 */
export function fillLocals(context: SiteContext): void {
	const { locals } = context;
	if (!isPrerendered(context)) {
		if (locals.isUpgradeRequest === undefined) Object.assign(locals, ORDINARY);
		return;
	}
	const isRefused = locals.isUpgradeRequest === true;
	const route = routeOf(context);
	Object.assign(locals, prerenderedLocals(route));
	if (isRefused) warnOnce(prerendered(route));
}

/** The pattern of the route, or else the path of the request. */
export function routeOf({ routePattern, url }: SiteContext): string {
	return routePattern ?? url.pathname;
}

function isPrerendered({ isPrerendered, locals, request }: SiteContext): boolean {
	if (isPrerendered !== undefined) return isPrerendered;
	// While Astro 4 builds a site, requests do not have our locals.
	if (locals.isUpgradeRequest === undefined) return true;
	// The dev server of Astro 4 removes the headers for a prerendered route. A handshake always has
	// `Upgrade`. For an ordinary request this looks for `Host`, which a call of a Worker may lack.
	return !headersOf(request).has(locals.isUpgradeRequest ? 'upgrade' : 'host');
}

/** Bypasses the getter of Astro 4, which warns of every access in a prerendered route. */
function headersOf(request: Request): Headers {
	return Reflect.get(Request.prototype, 'headers', request);
}

const warned: Set<string> = new Set();

function warnOnce(message: string): void {
	if (warned.has(message)) return;
	warned.add(message);
	console.warn(message);
}
