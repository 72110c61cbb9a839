import { prerendered } from '../socket/errors.ts';
import { ORDINARY } from './ordinary-locals.ts';
import type { WebSocketLocals } from './types.ts';

/** The parts of Astro's context that are needed here. */
export interface SiteContext {
	readonly locals: object & Partial<WebSocketLocals>;
	readonly request: Request;
	readonly url: URL;
	/** Since Astro 5. */
	readonly isPrerendered?: boolean;
	readonly routePattern?: string;
}

/** The locals while a route is prerendered: no handshake can be accepted, and they say why. */
export function prerenderedLocals(route: string): WebSocketLocals {
	return {
		isUpgradeRequest: false,
		upgradeWebSocket() {
			throw new Error(prerendered(route));
		},
	};
}

/**
 * Gives a request its locals where it has none, and a prerendered route those that say so. `astro dev`
 * renders such a route for each request, so that without this a handshake would be accepted there and
 * refused in production.
 */
export function fillLocals(context: SiteContext): void {
	const { locals } = context;
	if (!isPrerendered(context)) {
		if (locals.isUpgradeRequest === undefined) Object.assign(locals, ORDINARY);
		return;
	}
	const isRefused = locals.isUpgradeRequest === true;
	const route = context.routePattern ?? context.url.pathname;
	Object.assign(locals, prerenderedLocals(route));
	if (isRefused) warnOnce(prerendered(route));
}

function isPrerendered({ isPrerendered, locals, request }: SiteContext): boolean {
	if (isPrerendered !== undefined) return isPrerendered;
	// While Astro 4 builds a site, no request has locals of ours.
	if (locals.isUpgradeRequest === undefined) return true;
	// Its dev server leaves out the headers for a prerendered route. A handshake has one more that it
	// cannot be without: a Worker may be called without `Host`.
	return !headersOf(request).has(locals.isUpgradeRequest ? 'upgrade' : 'host');
}

/** Past the getter of Astro 4, which warns of every access in a prerendered route. */
function headersOf(request: Request): Headers {
	return Reflect.get(Request.prototype, 'headers', request);
}

const warned: Set<string> = new Set();

function warnOnce(message: string): void {
	if (warned.has(message)) return;
	warned.add(message);
	console.warn(message);
}
