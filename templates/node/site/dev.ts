import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { ViteDevServer } from 'vite';
import type { AllowedDomain } from '../../handshake/allowed-domains.ts';
import { MALFORMED_PATH } from '../../handshake/refusal.ts';
import { getUpgradeContext } from '../handshake/context.ts';
import { isLetThrough } from '../handshake/decide.ts';
import type { Host } from '../handshake/host.ts';
import { refuse } from '../handshake/refuse.ts';
import { listenForUpgrades } from '../handshake/upgrade-listener.ts';
import { closing } from '../registry/connections/shutdown-options.ts';
import { processRegistry } from '../registry/registry.ts';
import { withLocals } from './locals.ts';

/**
 * The property of a request from which Astro's dev server reads the locals (`core/constants.ts`).
 */
const LOCALS: unique symbol = Symbol.for('astro.locals');

interface DevRequest extends IncomingMessage {
	[LOCALS]?: object;
}

/** Makes the dev server answer WebSocket handshakes through its middleware. */
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
			// Astro's dev server allows WebSockets from other sites (`sec-fetch.ts`).
			const isLetIn = await isLetThrough(host, {
				request,
				response,
				context,
				allowedDomains,
				admit: async () => held === undefined || (await held.admit()),
			});
			if (!isLetIn) return;
			// Only Astro's middleware knows the routes. It answers 404 on a path without a route.
			if (held !== undefined) held.isTakenByAnswer = true;
			goOn();
		};
		check().catch(next);
	});
	// Absent in Vite's middleware mode, because the server belongs to the host.
	if (vite.httpServer === null) return;
	processRegistry().reopen(host.scope);
	const knownListeners = countKnownListeners(vite.httpServer, vite);
	listenForUpgrades(vite.httpServer, {
		host,
		countKnownListeners: () => knownListeners,
		dispatch(request, response) {
			// Astro's middleware fails with other paths.
			if (isDecodable(request.url ?? '/')) vite.middlewares(request, response);
			else refuse(response, MALFORMED_PATH);
		},
		isForeign: (request) => isHotUpdate(request) || isProxied(request, vite),
	});
	const { close } = vite;
	vite.close = async () => {
		await closeDevConnections(host.scope);
		await close.call(vite);
	};
}

/**
 * Closes the connections before Vite cuts them off, so that clients know they may reconnect.
 * Handshakes are still answered: if a restart fails, the old server stays.
 */
export async function closeDevConnections(scope: object): Promise<void> {
	await processRegistry().closeAll(scope, closing({ timeout: DEV_GRACE }));
}

/** Milliseconds for which a restart waits for clients to close. */
const DEV_GRACE = 500;

/**
 * The number of Vite's own `upgrade` listeners: one for hot updates, added before those of plugins,
 * and one for `server.proxy`, added later.
 */
function countKnownListeners(server: EventEmitter, { config }: ViteDevServer): number {
	const hotUpdates = Math.min(server.listenerCount('upgrade'), 1);
	return hotUpdates + (Object.keys(config.server.proxy ?? {}).length > 0 ? 1 : 0);
}

function isDecodable(path: string): boolean {
	try {
		decodeURI(path);
		return true;
	} catch {
		return false;
	}
}

/** Vite's own connections: hot updates, and the client's check that the server is back. */
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
