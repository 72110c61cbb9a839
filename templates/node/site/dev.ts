import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { ViteDevServer } from 'vite';
import type { AllowedDomain } from '../../handshake/allowed-domains.ts';
import { getUpgradeContext } from '../handshake/context.ts';
import { isLetThrough } from '../handshake/decide.ts';
import type { Host } from '../handshake/host.ts';
import { listenForUpgrades } from '../handshake/upgrade-listener.ts';
import { processRegistry } from '../registry/registry.ts';
import { closing } from '../registry/shutdown-options.ts';
import { withLocals } from './locals.ts';

/** Where Astro's dev server reads the locals of a request from (`core/constants.ts`). */
const LOCALS: unique symbol = Symbol.for('astro.locals');

interface DevRequest extends IncomingMessage {
	[LOCALS]?: object;
}

/** Makes the dev server answer WebSocket handshakes through its own middleware. */
export function attachDevServer(
	vite: ViteDevServer,
	host: Host,
	allowedDomains: readonly AllowedDomain[],
): void {
	const { options, report } = host;
	const settings = { connection: options, report };
	vite.middlewares.use((request: DevRequest, response, next) => {
		const goOn = (): void => {
			request[LOCALS] = withLocals(request, request[LOCALS], settings);
			next();
		};
		const context = getUpgradeContext(request);
		if (context === undefined) return goOn();
		const check = async (): Promise<void> => {
			const { held } = context;
			// Astro's dev server lets WebSockets from other sites through (`sec-fetch.ts`).
			const isGoingOn = await isLetThrough(host, {
				request,
				response,
				context,
				allowedDomains,
				admit: async () => held === undefined || (await held.admit()),
			});
			if (!isGoingOn) return;
			// Only Astro's own middleware knows the routes. It answers 404 on a path that has none.
			if (held !== undefined) held.isTakenByAnswer = true;
			goOn();
		};
		check().catch(next);
	});
	// Absent in Vite's middleware mode, where the server is the host's.
	if (vite.httpServer === null) return;
	processRegistry().reopen(host.scope);
	const knownListeners = countKnownListeners(vite.httpServer, vite);
	listenForUpgrades(vite.httpServer, {
		host,
		countKnownListeners: () => knownListeners,
		dispatch: (request, response) => vite.middlewares(request, response),
		isForeign: (request) => isHotUpdate(request) || isProxied(request, vite),
	});
	const { close } = vite;
	vite.close = async () => {
		await closeDevConnections(host.scope);
		await close.call(vite);
	};
}

/**
 * Vite cuts connections off; so that clients learn that they may come back, they are told before.
 * Handshakes go on to be answered: a restart that fails leaves the old server in place.
 */
export async function closeDevConnections(scope: object): Promise<void> {
	await processRegistry().closeAll(scope, closing({ timeout: DEV_GRACE }));
}

/** Milliseconds that a restart waits for clients to close. */
const DEV_GRACE = 500;

/**
 * The number of `upgrade` listeners that are Vite's own: one for hot updates, which comes before those
 * of plugins, and one for `server.proxy`, which comes later.
 */
function countKnownListeners(server: EventEmitter, { config }: ViteDevServer): number {
	const hotUpdates = Math.min(server.listenerCount('upgrade'), 1);
	return hotUpdates + (Object.keys(config.server.proxy ?? {}).length > 0 ? 1 : 0);
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
