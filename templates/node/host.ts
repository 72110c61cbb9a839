import type { IncomingMessage } from 'node:http';
import type { BlockList } from 'node:net';
import { hooksOf, type WebSocketHooks } from '../shared/hooks.ts';
import { type ResolvedWebSocketOptions, WEBSOCKET_DEFAULTS } from '../shared/options.ts';
import { type Report, reporter } from '../shared/report.ts';
import { proxyList } from './client-address.ts';
import { requestPath, webRequest } from './handshake.ts';

/** The site whose handshakes a server answers. */
export interface Host {
	/** Stands for the site in the books. */
	readonly scope: object;
	readonly options: ResolvedWebSocketOptions;
	/** `websocket.trustedProxies`. */
	readonly proxies: BlockList;
	/** The exports of the hooks file; in dev they are read anew each time. */
	hooks(): WebSocketHooks | Promise<WebSocketHooks>;
	/** Whether a route of the site matches. */
	isMatch?(request: IncomingMessage): boolean;
	readonly report: Report;
}

/** The parts of Astro's app that are needed here. */
export interface HostApp {
	readonly adapterLogger: { warn(message: string): void; error(message: string): void };
	match?(request: Request, allowPrerenderedRoutes?: boolean): unknown;
}

/** The adapter's options as they are in the built server. */
export interface BuiltOptions {
	/** With every default filled in. */
	readonly websocket?: ResolvedWebSocketOptions;
	/** The hooks file, where there is one. */
	readonly websocketHooks?: object;
}

/** The host that a built server is. */
export function hostOf(app: HostApp, adapterOptions: BuiltOptions): Host {
	const { websocket: options = WEBSOCKET_DEFAULTS, websocketHooks = {} } = adapterOptions;
	const hooks = hooksOf(websocketHooks);
	return {
		scope: app,
		options,
		proxies: proxyList(options.trustedProxies),
		hooks: () => hooks,
		isMatch(request) {
			if (app.match === undefined) return true;
			// Prerendered routes too: they have an answer, though it is no acceptance.
			return app.match(webRequest(request, requestPath(request)), true) !== undefined;
		},
		report: reporter(hooks, (message, error) => {
			app.adapterLogger.error(message);
			if (error !== undefined) console.error(error);
		}),
	};
}

/**
 * A handler carries its host to the server that is made for it. The two may come from different
 * instances of this module: in `astro preview` the server comes from `node_modules`.
 */
const HOST: unique symbol = Symbol.for('astro.websocket.host');

/** Makes `handler` one of the host. */
export function setHost<Handler extends object>(handler: Handler, host: Host): Handler {
	return Object.defineProperty(handler, HOST, { value: host, configurable: true });
}

/** The host of a request handler that upstream made. */
export function getHost(handler: object): Host | undefined {
	return (handler as { [HOST]?: Host })[HOST];
}
