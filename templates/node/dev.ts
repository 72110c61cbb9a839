import type { IncomingMessage } from 'node:http';
import type { ViteDevServer } from 'vite';
import { getUpgradeContext } from './context.ts';
import { withLocals } from './locals.ts';
import { type AllowedOrigins, rejectForeignOrigin } from './origin.ts';
import type { UpgradeSettings } from './upgrade.ts';
import { listenForUpgrades } from './upgrade-listener.ts';

export interface DevSettings extends UpgradeSettings, AllowedOrigins {}

/** Where Astro's dev server reads the locals of a request from (`core/constants.ts`). */
const LOCALS: unique symbol = Symbol.for('astro.locals');

interface DevRequest extends IncomingMessage {
	[LOCALS]?: object;
}

/** Makes the dev server answer WebSocket handshakes through its own middleware. */
export function attachDevServer(vite: ViteDevServer, settings: DevSettings): void {
	vite.middlewares.use((request: DevRequest, response, next) => {
		// Astro's dev server lets WebSockets from other sites through (`sec-fetch.ts`).
		const isUpgrade = getUpgradeContext(request) !== undefined;
		if (isUpgrade && rejectForeignOrigin(request, response, settings)) return;
		request[LOCALS] = withLocals(request, request[LOCALS], settings);
		next();
	});
	// Absent in Vite's middleware mode, where the server is the host's.
	if (vite.httpServer === null) return;
	listenForUpgrades(vite.httpServer, {
		dispatch: (request, response) => vite.middlewares(request, response),
		isForeign: (request) => isHotUpdate(request) || isProxied(request, vite),
	});
}

/** Vite's own connections: hot updates, and the client's check whether the server is back. */
function isHotUpdate(request: IncomingMessage): boolean {
	const protocol = request.headers['sec-websocket-protocol'];
	return protocol === 'vite-hmr' || protocol === 'vite-ping';
}

/** Whether Vite's `server.proxy` takes the upgrade, by the rules of its `proxyMiddleware`. */
function isProxied(request: IncomingMessage, vite: ViteDevServer): boolean {
	const url = request.url ?? '/';
	return Object.entries(vite.config.server.proxy ?? {}).some(([context, rule]) => {
		const isMatch = context.startsWith('^')
			? new RegExp(context).test(url)
			: url.startsWith(context);
		const options = typeof rule === 'string' ? { target: rule, ws: false } : rule;
		return isMatch && (options.ws || /^wss?:/.test(String(options.target ?? '')));
	});
}
