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
	/** Stands for the site in the registry. */
	readonly scope: object;
	readonly options: ResolvedWebSocketOptions;
	/** `websocket.trustedProxies`. */
	readonly proxies: BlockList;
	/** The exports of the hooks file; in dev they are read anew each time. */
	hooks(): WebSocketHooks | Promise<WebSocketHooks>;
	/** Whether it is `astro dev`, where answers name the option to change. */
	readonly isDev: boolean;
	/** The origin of a request's address, as Astro tells it in `context.url`. */
	origin(request: IncomingMessage): string;
	/** Whether a route of the site matches; absent where that is not known. */
	isMatch?(request: IncomingMessage): boolean;
	readonly report: Report;
	/** Logs why handshakes are refused. */
	readonly notices: Notices;
}

/** Where upstream's messages go. */
export interface Logger {
	warn(message: string): void;
	error(message: string): void;
}

/** The parts of Astro's app that are needed here. */
export interface HostApp {
	/** Since Astro 6. */
	readonly adapterLogger?: Logger;
	/** Up to Astro 5. */
	getAdapterLogger?(): Logger;
	match?(request: Request, allowPrerenderedRoutes?: boolean): unknown;
	/** Since Astro 5.15. */
	getAllowedDomains?(): readonly AllowedDomain[] | undefined;
}

/** The class of the app up to Astro 5, which makes the requests that are rendered. */
interface RequestMaker {
	createRequest?(
		request: IncomingMessage,
		options: { skipBody: boolean; allowedDomains: readonly AllowedDomain[] },
	): Request;
}

/** The logger that the site's own messages go to, whatever the Astro. */
export function loggerOf(app: HostApp): Logger {
	return app.adapterLogger ?? app.getAdapterLogger?.() ?? console;
}

/** The adapter's options as they are in the built server. */
export interface BuiltOptions {
	/** With every default filled in. */
	readonly websocket?: ResolvedWebSocketOptions;
}

interface Configuration {
	readonly options: ResolvedWebSocketOptions;
	readonly hooks: WebSocketHooks;
}

/**
 * An app carries its configuration to the handlers that are made for it: the functions of upstream
 * that make them have the adapter's options only since 9.3.
 */
const CONFIGURATION: unique symbol = Symbol.for('astro.websocket.configuration');

/**
 * Tells an app how it is configured.
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

/** The host that a built server is. */
export interface BuiltHost extends Host {
	/** A path that cannot be decoded is the site's to refuse. */
	isMatch(request: IncomingMessage): boolean;
}

/** The host that a built server is. */
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
				// Prerendered routes too: they have an answer, though it is no acceptance.
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

/** The origin that Astro, since 6, gives a request. */
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
