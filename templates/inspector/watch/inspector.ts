import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { AstroIntegration, AstroIntegrationLogger } from 'astro';
import type { ViteDevServer } from 'vite';
import { asksForWebSocket, handshakeRequest } from '../../handshake/handshake.ts';
import {
	ACT,
	type Action,
	APP_ID,
	FAILED_IN_WORKER,
	UPDATE,
	WATCH,
	type Watch,
	type WorkerFailure,
} from '../report/events.ts';
import { WATCH_INTERVAL } from '../report/limits.ts';
import { type FixStack, failureInWorker, failureOf } from './failures.ts';
import { Recorder } from './recorder.ts';

/** Milliseconds for which changes are gathered. */
const GATHERING = 100;

/** Milliseconds without a request after which no inspector is open. */
const WATCHED_FOR = 2.5 * WATCH_INTERVAL;

/**
 * The file of the app. With the export of the package, Vite's optimizer would find the module only
 * when a page loads it, and then reload the page.
 */
const APP = fileURLToPath(new URL('../app/app.js', import.meta.url));

/** Whether a person was told of the inspector. A restart of the dev server does not tell it again. */
let isAnnounced = false;

type Hooks = AstroIntegration['hooks'];
type SetupParameters = Parameters<NonNullable<Hooks['astro:config:setup']>>[0];
type Toolbar = Parameters<NonNullable<Hooks['astro:server:setup']>>[0]['toolbar'];

const ICON =
	'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M7 20V5M3.5 8.5 7 5l3.5 3.5M17 4v15M13.5 15.5 17 19l3.5-3.5"/></svg>';

/**
 * The inspector of WebSocket connections in Astro's dev toolbar. It listens to the connections of
 * the dev server, so nothing of it is part of a site.
 */
export class Inspector {
	#isEnabled = false;
	#root: URL | undefined;
	#site: { readonly recorder: Recorder; readonly server: ViteDevServer } | undefined;

	/** Adds the inspector to an integration that sets up a dev server. */
	around(integration: AstroIntegration): AstroIntegration {
		const { hooks } = integration;
		return {
			...integration,
			hooks: {
				...hooks,
				// The adapter is known by a property of its hook.
				'astro:config:setup': Object.assign(async (parameters: SetupParameters) => {
					await hooks['astro:config:setup']?.(parameters);
					this.#isEnabled = hasInspector(parameters);
					if (!this.#isEnabled) return;
					this.#root = parameters.config.root;
					parameters.addDevToolbarApp({
						id: APP_ID,
						name: 'WebSockets',
						icon: ICON,
						entrypoint: APP,
					});
				}, hooks['astro:config:setup']),
				'astro:server:setup': async (parameters) => {
					await hooks['astro:server:setup']?.(parameters);
					if (this.#isEnabled) this.#attach(parameters);
				},
			},
		};
	}

	/** Shows an error in code of the site, or a warning of the package. */
	failed(message: string, error?: unknown): void {
		if (this.#site === undefined || this.#root === undefined) return;
		const { recorder, server } = this.#site;
		recorder.failed(failureOf(message, error, stackFixer(server), this.#root));
	}

	#attach({ server, toolbar, logger }: Attachment): void {
		// Absent in Vite's middleware mode, where the server belongs to someone else.
		const { httpServer } = server;
		const root = this.#root;
		if (httpServer === null || root === undefined) return;
		const recorder = connectToolbar(toolbar);
		this.#site = { recorder, server };
		// When all plugins have wrapped the server: the first to see a handshake is the last of them.
		httpServer.once('listening', () => {
			watchUpgrades(httpServer, (request, socket) => {
				announce(logger);
				recorder.watch(request, socket);
			});
		});
		const { environments }: AnyViteDevServer = server;
		for (const [name, { hot }] of Object.entries(environments ?? {})) {
			if (name === 'client') continue;
			hot?.on(FAILED_IN_WORKER, (failure: WorkerFailure) => {
				recorder.failed(failureInWorker(failure, root));
			});
		}
	}
}

interface Attachment {
	readonly server: ViteDevServer;
	readonly toolbar: Toolbar;
	readonly logger: AstroIntegrationLogger;
}

/** The dev server of any Vite version: there are no environments before Vite 6. */
interface AnyViteDevServer extends Pick<ViteDevServer, 'httpServer'> {
	readonly environments?: Readonly<Record<string, Environment>>;
}

interface Environment {
	readonly hot?: { on(event: string, listener: (data: WorkerFailure) => void): void };
}

/**
 * Since Astro 6, a module runner maps the stacks of errors itself, and mapping them again would give
 * wrong lines. Astro then adds an environment with its own name.
 */
function stackFixer(server: ViteDevServer): FixStack | undefined {
	const { environments }: AnyViteDevServer = server;
	return environments?.astro === undefined ? (error) => server.ssrFixStacktrace(error) : undefined;
}

/** What is used of the parameters of `astro:config:setup`. */
export interface InspectedSetup {
	readonly command: string;
	/** Configurations in tests of integrations may lack the option. */
	readonly config: { readonly devToolbar?: { readonly enabled?: boolean } };
}

/** Whether the site gets the inspector: it is in `astro dev`, and has the toolbar. */
export function hasInspector({ command, config }: InspectedSetup): boolean {
	return command === 'dev' && config.devToolbar?.enabled !== false;
}

/** A recorder whose changes all open inspectors get. */
function connectToolbar(toolbar: Toolbar): Recorder {
	let watchedAt = Number.NEGATIVE_INFINITY;
	let sent = 0;
	let timer: NodeJS.Timeout | undefined;
	const recorder = new Recorder(() => {
		if (timer !== undefined || performance.now() - watchedAt > WATCHED_FOR) return;
		timer = setTimeout(() => {
			timer = undefined;
			send(sent);
		}, GATHERING).unref();
	});
	const send = (since: number, run?: string): void => {
		toolbar.send(UPDATE, recorder.update(since, run));
		sent = recorder.last;
	};
	toolbar.on(WATCH, ({ since, run }: Watch) => {
		watchedAt = performance.now();
		// All pages get it. It holds what the others lack as well.
		send(Math.min(since, sent), run ?? '');
	});
	toolbar.on(ACT, (action: Action) => recorder.act(action));
	return recorder;
}

/** Vite's own connections. */
const OWN_PROTOCOLS = ['vite-hmr', 'vite-ping'];

function watchUpgrades(
	server: EventEmitter,
	watch: (request: IncomingMessage, socket: Duplex) => void,
): void {
	const { emit } = server;
	server.emit = (event: string | symbol, ...args: unknown[]): boolean => {
		if (event === 'upgrade') {
			const [request, socket] = args as [IncomingMessage, Duplex];
			if (isSiteHandshake(request)) watch(request, socket);
		}
		return emit.call(server, event, ...args);
	};
}

function isSiteHandshake({ method, headers }: IncomingMessage): boolean {
	const protocol = String(headers['sec-websocket-protocol']);
	if (OWN_PROTOCOLS.includes(protocol)) return false;
	return asksForWebSocket(handshakeRequest(method, (name) => headers[name]?.toString()));
}

function announce(logger: AstroIntegrationLogger): void {
	if (isAnnounced) return;
	isAnnounced = true;
	logger.info(
		'To watch the WebSockets of this server, open a page and click the two arrows in the dev toolbar.',
	);
}
