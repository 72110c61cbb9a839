/** The test kit: `zastro-websockets-node/testing`. */

import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SiteModules } from '../../realtime/define/reading/site-file.ts';
import { type GivenFiles, givenModules } from '../../realtime/testing/given-files.ts';
import { ProcessServer, type SharedEngines } from '../../realtime/testing/process-server.ts';
import { type RealtimeTestOptions, TestRealtime } from '../../realtime/testing/realtime.ts';
import type { RealtimeEngine } from '../configure/realtime-options.ts';
import { nodeRuntime, opened } from './current-site.ts';
import { folderOf } from './folder.ts';
import { type Importer, loadSite } from './site-files.ts';

export type { Clock } from '../../realtime/client/base/clock.ts';
export type {
	TestChannels,
	TestRoom,
	TestServerChannels,
	TestServerSocket,
	TestUser,
	WaitOptions,
} from '../../realtime/define/api/test-types.ts';
export type { TestClient } from '../../realtime/testing/client.ts';
export type { Closed, InjectedSocket } from '../../realtime/testing/injected-socket.ts';
export type { TestRealtime } from '../../realtime/testing/realtime.ts';
export { TestClock } from '../../realtime/testing/test-clock.ts';
export { HandshakeRefused, type VisitOptions } from '../../realtime/testing/visit.ts';
export { type DevServerOptions, startDevServer, type TestDevServer } from './dev-server.ts';
export { type InjectOptions, injectWebSocket } from './inject.ts';
export type { GivenFiles };

export interface TestRealtimeOptions extends RealtimeTestOptions {
	/** The root of the site, as a path or a `file:` URL. Default: the working directory. */
	readonly root?: string | URL | undefined;
	/** The folder of the sources, relative to the root. Default: `src`. */
	readonly srcDir?: string | undefined;
	/**
	 * Channels in place of those in `src/realtime`, by the path of their file without the extension:
	 * `{ 'rooms/[room]': room, _middleware: { authenticate } }`.
	 */
	readonly files?: GivenFiles | undefined;
	/**
	 * What keeps the channels, as the adapter's `realtime.engine`. The server of `redis` and `nats` must
	 * run, and its address is in REDIS_URL or NATS_URL. Each site has a part of it for itself, which
	 * `close()` removes. Default: `memory`.
	 */
	readonly engine?: RealtimeEngine | undefined;
}

/** Runs the realtime channels of a site in this process, without a server. */
export async function testRealtime(options: TestRealtimeOptions = {}): Promise<TestRealtime> {
	return await testSite(options);
}

/** @param importer Imports the files of the site in place of Node. */
export async function testSite(
	options: TestRealtimeOptions = {},
	importer?: Importer,
): Promise<TestRealtime> {
	const modules = await modulesOf(options, importer);
	const engines = await enginesOf(options);
	let server: ProcessServer | undefined;
	const realtime = new TestRealtime((services) => {
		server = opened(new ProcessServer(modules, nodeRuntime, services, engines));
		return server;
	}, options);
	try {
		await server?.started();
	} catch (error) {
		await realtime.close();
		throw error;
	}
	return realtime;
}

async function enginesOf({
	engine = 'memory',
	clock,
	root,
}: TestRealtimeOptions): Promise<SharedEngines | undefined> {
	if (engine === 'memory') return undefined;
	if (clock !== undefined) {
		throw new TypeError(
			`testRealtime({ clock }) needs the engine in memory: \`${engine}\` goes by the clock of its server.`,
		);
	}
	const folder = folderOf(root ?? process.cwd());
	// Tests without it need none of its code.
	if (engine === 'redis') return (await import('./redis-engines.ts')).redisEngines(folder);
	if (engine === 'nats') return (await import('./nats-engines.ts')).natsEngines(folder);
	throw new TypeError(`testRealtime({ engine }) takes no ${JSON.stringify(engine)}.`);
}

async function modulesOf(
	{ files, root, srcDir = 'src' }: TestRealtimeOptions,
	importer: Importer | undefined,
): Promise<SiteModules> {
	if (files !== undefined) return givenModules(files);
	if (importer !== undefined && root === undefined) return await importer.load();
	const folder = folderOf(root ?? process.cwd());
	// Not a part of a URL: it may have a `#`, a `%`, or the letter of a drive.
	const folders = { root: folder, srcDir: folderOf(resolve(fileURLToPath(folder), srcDir)) };
	return await loadSite(folders, importer?.importFile);
}
