/** The Worker as the runtime of the site's channels. It does not import the site's files. */

import { env, waitUntil } from 'cloudflare:workers';
import { AsyncLocalStorage } from 'node:async_hooks';
import { isDevelopment } from 'virtual:astro-cloudflare:realtime';
import type { ContextStore, Runtime } from '../../realtime/define/api/runtime.ts';
import type { Site } from '../../realtime/define/site.ts';
import type { Current } from './base/current.ts';
import { OBJECT_BINDING } from './base/names.ts';
import type { ObjectStub } from './base/object-calls.ts';
import type { ObjectNamespace } from './base/platform.ts';
import { RemoteDirectory } from './base/remote-directory.ts';
import { log, report } from './base/report.ts';
import { kept, keptCurrent } from './kept.ts';

/** The object of a name. */
export function objectOf(name: string): ObjectStub {
	const namespace = env[OBJECT_BINDING] as ObjectNamespace | undefined;
	if (namespace === undefined) {
		throw new Error(`There is no binding \`${OBJECT_BINDING}\`. Build the site again.`);
	}
	return namespace.get(namespace.idFromName(name));
}

export const current: ContextStore<Current> = isDevelopment
	? keptCurrent(() => new AsyncLocalStorage())
	: new AsyncLocalStorage();

let workerSite: Site | undefined;

/** Takes the site's files. */
export function useSite(site: Site): void {
	workerSite = site;
	if (isDevelopment) kept().site = site;
}

/**
 * The site that the Worker has read. When a file comes or goes in `astro dev`, all modules run again
 * in the middle of a request, and the entry that reads the site does not. Such a request gets the
 * site of before. Undefined if the files could not be loaded.
 */
export function siteOfWorker(): Site | undefined {
	return workerSite ?? (isDevelopment ? kept().site : undefined);
}

/**
 * The site for code that runs in the Worker, or in an object.
 *
 * @throws Error before the site's files were read.
 */
export function currentSite(): Site {
	const site = current.getStore()?.site ?? siteOfWorker();
	if (site !== undefined) return site;
	throw new Error('The channels are not loaded yet.');
}

export const runtime: Runtime = {
	directory: new RemoteDirectory(objectOf, siteOfWorker),
	// Handlers run in objects alone.
	context: { run: (_, callback) => callback(), getStore: () => undefined },
	isDevelopment,
	alarm(milliseconds, callback) {
		const timer = setTimeout(callback, milliseconds);
		return () => clearTimeout(timer);
	},
	waitUntil,
	report,
	log,
};
