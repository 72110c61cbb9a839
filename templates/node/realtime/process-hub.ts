import { AsyncLocalStorage } from 'node:async_hooks';
import { engineOptions, isDevelopment, scope } from 'virtual:astro-websocket:realtime';
import { createEngine } from 'virtual:astro-websocket:realtime-engine';
import type { HandlerContext, Runtime } from '../../realtime/define/api/runtime.ts';
import { Hub } from '../../realtime/server/hub.ts';
import type { RealtimeStats } from '../../realtime/server/stats.ts';
import { followTakeovers } from '../../realtime/server/takeovers.ts';
import type { Engine } from '../../realtime/user/engine.ts';
import { perProcess } from '../process/per-process.ts';
import { realtimeSources } from '../registry/figures/realtime-stats.ts';
import { processRegistry } from '../registry/registry.ts';
import { NodeHost } from './host.ts';

/** The hub of a site, and its services for the site's files. */
export interface SiteHub {
	readonly hub: Hub;
	readonly runtime: Runtime;
	readonly engine: Engine;
	close(): void;
	/** The options of the engine. With others, `astro dev` needs another hub. */
	readonly engineOptions: string;
}

/**
 * The hub of this site. `astro dev` runs the modules again after an edit, so there the hub belongs
 * to the process. Built servers are bundles: each has its own.
 */
const siteHub: SiteHub = scope === undefined ? create() : developmentHub(scope);

export const hub: Hub = siteHub.hub;
export const runtime: Runtime = siteHub.runtime;
export const engine: Engine = siteHub.engine;

function developmentHub(root: string): SiteHub {
	const hubs = perProcess('realtime-hubs', () => new Map<string, SiteHub>());
	const known = hubs.get(root);
	if (known?.engineOptions === engineOptions) return known;
	known?.close();
	const made = create();
	hubs.set(root, made);
	return made;
}

function create(): SiteHub {
	const report = (message: string, error?: unknown): void => {
		void processRegistry().report(message, error);
	};
	const host = new NodeHost(report);
	const log = (message: string): void => console.info(message);
	const made = createEngine({ host, log });
	const directory = new Hub(host, made);
	followTakeovers(directory);
	const source = (): RealtimeStats => directory.stats();
	realtimeSources().add(source);
	return {
		hub: directory,
		engine: made,
		close() {
			realtimeSources().delete(source);
			void made.close();
		},
		engineOptions,
		runtime: {
			directory,
			context: new AsyncLocalStorage<HandlerContext>(),
			isDevelopment,
			alarm: (milliseconds, callback) => host.alarm(milliseconds, callback),
			waitUntil: (work) => host.waitUntil(work),
			report,
			log,
			bytes: (data) => Buffer.from(data.buffer, data.byteOffset, data.byteLength),
		},
	};
}
