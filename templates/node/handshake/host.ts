import type { IncomingMessage } from 'node:http';
import type { BlockList } from 'node:net';
import type { AllowedDomain } from '../../handshake/allowed-domains.ts';
import { forwardedOrigin } from '../../handshake/forwarded.ts';
import type { WebSocketHooks } from '../../handshake/hooks.ts';
import { Notices } from '../../handshake/notices.ts';
import { reporter } from '../../handshake/reporter.ts';
import { type ResolvedWebSocketOptions, WEBSOCKET_DEFAULTS } from '../../options/options.ts';
import type { Report } from '../../socket/report.ts';
import { proxyList } from '../http/client-address.ts';
import { processRegistry } from '../registry/registry.ts';
import { requestOrigin, requestPath, webRequest } from './handshake.ts';
import { hooksOf } from './hooks.ts';

/** The site whose handshakes a server answers. */
export interface Host {
	/** The key of the site in the registry. */
	readonly scope: object;
	readonly options: ResolvedWebSocketOptions;
	/** `websocket.trustedProxies`. */
	readonly proxies: BlockList;
	/** The exports of the hooks file. In dev they are reloaded for each handshake. */
	hooks(): WebSocketHooks | Promise<WebSocketHooks>;
	/** Whether this is `astro dev`, where refusals name the option to change. */
	readonly isDev: boolean;
	/** The origin of a request, as in Astro's `context.url`. */
	origin(request: IncomingMessage): string;
	/** Whether a route of the site matches. Absent if the routes are unknown. */
	isMatch?(request: IncomingMessage): boolean;
	readonly report: Report;
	/** Logs the reasons of refused handshakes. */
	readonly notices: Notices;
}

/** The logger of upstream. */
export interface Logger {
	warn(message: string): void;
	error(message: string): void;
}

/** The part of Astro's app used here. */
export interface HostApp {
	/** Since Astro 6. */
	readonly adapterLogger?: Logger;
	/** Up to Astro 5. */
	getAdapterLogger?(): Logger;
	match?(request: Request, allowPrerenderedRoutes?: boolean): unknown;
	/** Since Astro 5.15. */
	getAllowedDomains?(): readonly AllowedDomain[] | undefined;
}

/** The class of the app up to Astro 5, which creates the rendered requests. */
interface RequestMaker {
	createRequest?(
		request: IncomingMessage,
		options: { skipBody: boolean; allowedDomains: readonly AllowedDomain[] },
	): Request;
}

/** The logger of the site, for any Astro version. */
export function loggerOf(app: HostApp): Logger {
	return app.adapterLogger ?? app.getAdapterLogger?.() ?? console;
}

/** The adapter's options in the built server. */
export interface BuiltOptions {
	/** The resolved option. */
	readonly websocket?: ResolvedWebSocketOptions;
}

interface Configuration {
	readonly options: ResolvedWebSocketOptions;
	readonly hooks: WebSocketHooks;
}

/**
 * The configuration is stored on the app for its handlers: upstream passes the adapter's options to
 * the factories of handlers only since 9.3.
 */
const CONFIGURATION: unique symbol = Symbol.for('astro.websocket.configuration');

/**
 * Stores the configuration of an app.
 *
 * @param websocketHooks The exports of the hooks file.
 */
export function configureApp<App extends HostApp>(
	app: App,
	{ websocket = WEBSOCKET_DEFAULTS }: BuiltOptions,
	websocketHooks: object,
): App {
	processRegistry().adopt(websocket, reportOf(app, hooksOf(websocketHooks)));
	const value: Configuration = { options: websocket, hooks: hooksOf(websocketHooks) };
	return Object.defineProperty(app, CONFIGURATION, { value });
}

const UNCONFIGURED: Configuration = { options: WEBSOCKET_DEFAULTS, hooks: {} };

/** The host of a built server. */
export interface BuiltHost extends Host {
	/** Matches a path that cannot be decoded, so that the site refuses it. */
	isMatch(request: IncomingMessage): boolean;
}

/** The host of a built server. */
export function hostOf(app: HostApp & { readonly [CONFIGURATION]?: Configuration }): BuiltHost {
	const { options, hooks } = app[CONFIGURATION] ?? UNCONFIGURED;
	return {
		scope: app,
		options,
		proxies: proxyList(options.trustedProxies),
		hooks: () => hooks,
		isMatch(request) {
			if (app.match === undefined) return true;
			try {
				const site = requestOrigin(request);
				// Prerendered routes match too: they answer, although they cannot accept.
				return app.match(webRequest(request, site, requestPath(request)), true) !== undefined;
			} catch {
				return true;
			}
		},
		isDev: false,
		origin: (request) => builtOrigin(app, request),
		report: reportOf(app, hooks),
		notices: new Notices((text) => loggerOf(app).warn(text)),
	};
}

function builtOrigin(app: HostApp, request: IncomingMessage): string {
	const allowedDomains = app.getAllowedDomains?.() ?? [];
	// A class is typed as a function, without its static methods.
	const { createRequest } = app.constructor as RequestMaker;
	const own = requestOrigin(request);
	if (createRequest === undefined) return astroOrigin(request, own, allowedDomains);
	try {
		return new URL(createRequest(request, { skipBody: true, allowedDomains }).url).origin;
	} catch {
		// Upstream will answer with 500.
		return own;
	}
}

/** The origin of a request in Astro 6 and later. */
export function astroOrigin(
	{ headers }: IncomingMessage,
	own: string,
	allowedDomains: readonly AllowedDomain[],
): string {
	return forwardedOrigin(own, (name) => headers[name]?.toString(), allowedDomains);
}

function reportOf(app: HostApp, hooks: WebSocketHooks): Report {
	return reporter(hooks, (message, error) => {
		loggerOf(app).error(message);
		if (error !== undefined) console.error(error);
	});
}

/**
 * The host is stored on the handler for its server. The two may use different instances of this
 * module: in `astro preview` the server comes from `node_modules`.
 */
const HOST: unique symbol = Symbol.for('astro.websocket.host');

/** Stores the host on `handler`. */
export function setHost<Handler extends object>(handler: Handler, host: Host): Handler {
	return Object.defineProperty(handler, HOST, { value: host, configurable: true });
}

/** The host of a request handler created by upstream. */
export function getHost(handler: object): Host | undefined {
	return (handler as { [HOST]?: Host })[HOST];
}
