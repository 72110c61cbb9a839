import { AsyncLocalStorage } from 'node:async_hooks';
import { isDevelopment, scope } from 'virtual:astro-websocket:realtime';
import type { HandlerContext, Runtime } from '../../realtime/define/runtime.ts';
import { perProcess } from '../process/per-process.ts';
import { processRegistry } from '../registry/registry.ts';
import { NodeHost } from './host.ts';
import { Hub } from './hub.ts';

/** The hub of a site, and its services for the site's files. */
export interface SiteHub {
	readonly hub: Hub;
	readonly runtime: Runtime;
}

/**
 * The hub of this site. `astro dev` runs the modules again after an edit, so there the hub belongs
 * to the process. Built servers are bundles: each has its own.
 */
const siteHub: SiteHub = scope === undefined ? create() : developmentHub(scope);

export const hub: Hub = siteHub.hub;
export const runtime: Runtime = siteHub.runtime;

function developmentHub(root: string): SiteHub {
	const hubs = perProcess('realtime-hubs', () => new Map<string, SiteHub>());
	const known = hubs.get(root) ?? create();
	hubs.set(root, known);
	return known;
}

function create(): SiteHub {
	const report = (message: string, error?: unknown): void => {
		void processRegistry().report(message, error);
	};
	const host = new NodeHost(report);
	const directory = new Hub(host);
	return {
		hub: directory,
		runtime: {
			directory,
			context: new AsyncLocalStorage<HandlerContext>(),
			isDevelopment,
			alarm: (milliseconds, callback) => host.alarm(milliseconds, callback),
			waitUntil: (work) => host.waitUntil(work),
			report,
			log: (message) => console.info(message),
			bytes: (data) => Buffer.from(data.buffer, data.byteOffset, data.byteLength),
		},
	};
}
