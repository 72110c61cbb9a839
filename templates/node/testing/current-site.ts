import { AsyncLocalStorage } from 'node:async_hooks';
import type { HandlerContext } from '../../realtime/define/api/runtime.ts';
import type { Site } from '../../realtime/define/site.ts';
import type { ProcessRuntime } from '../../realtime/testing/process-server.ts';
import type { TestServer } from '../../realtime/testing/server.ts';
import { perProcess } from '../process/per-process.ts';

/** The sites that the tests of this process run. */
interface Sites {
	readonly open: Set<TestServer>;
	/** What the code belongs to that runs: a process, which may have been killed. */
	readonly running: AsyncLocalStorage<Pick<TestServer, 'site'>>;
	readonly handlers: AsyncLocalStorage<HandlerContext>;
}

/** Vitest may load this module twice: for the tests, and for the modules of the site. */
function sites(): Sites {
	return perProcess('realtime-tests', () => ({
		open: new Set<TestServer>(),
		running: new AsyncLocalStorage<Pick<TestServer, 'site'>>(),
		handlers: new AsyncLocalStorage<HandlerContext>(),
	}));
}

/** Takes a new site. */
export function opened<Server extends TestServer>(server: Server): Server {
	sites().open.add(server);
	return server;
}

/** This process as the runtime of tested sites. */
export const nodeRuntime: ProcessRuntime = {
	context: {
		run: (value, callback) => sites().handlers.run(value, callback),
		getStore: () => sites().handlers.getStore(),
	},
	run: (process, callback) => sites().running.run(process, callback),
	closed(server) {
		sites().open.delete(server);
	},
	bytes: (data) => Buffer.from(data.buffer, data.byteOffset, data.byteLength),
};

/**
 * The site that `zastro:realtime` is about: that of the handler that runs, else the only one.
 *
 * @throws Error if there is none, or if there are several.
 */
export function currentSite(): Site {
	const { running, open } = sites();
	const [first, second] = open;
	const current = running.getStore() ?? (second === undefined ? first : undefined);
	if (current !== undefined) return current.site;
	throw new Error(
		first === undefined
			? 'There are no channels: call `testRealtime()` first.'
			: `There are ${open.size} sites from testRealtime(). Call close() of those of earlier tests, or use \`channels\` and \`socket\` of what testRealtime() gave.`,
	);
}
