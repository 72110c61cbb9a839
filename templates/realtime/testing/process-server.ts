import { channelKey } from '../channel/key.ts';
import type { ContextStore, HandlerContext } from '../define/api/runtime.ts';
import type { ChannelModule, SiteModules } from '../define/reading/site-file.ts';
import type { Site } from '../define/site.ts';
import { MemoryEngine } from '../memory/memory-engine.ts';
import type { MuxSocket } from '../server/credited-link.ts';
import { type EndpointContext, readHandshake } from '../server/handshake.ts';
import { Mux } from '../server/mux.ts';
import type { Engine } from '../user/engine.ts';
import type { Receiver } from './link.ts';
import type { ServerServices, TestServer } from './server.ts';
import { SiteProcess } from './site-process.ts';
import type { Trims } from './test-engine.ts';
import type { TestHost } from './test-host.ts';
import { HandshakeRefused } from './visit.ts';

// Tests may replace the timers of the global object.
const { setInterval: startInterval, clearInterval: stopInterval } = globalThis;

/** Milliseconds. */
const ONE_DAY = 24 * 3600 * 1000;

/** The runtime of a server that is a process. */
export interface ProcessRuntime {
	/** What tells which handler runs. */
	readonly context: ContextStore<HandlerContext>;
	/** The runtime's own form of bytes. */
	bytes?(data: Uint8Array): Uint8Array;
	/** Runs a callback as a part of a process. */
	run<Result>(process: Pick<SiteProcess, 'site'>, callback: () => Result): Result;
	/** The server was closed. */
	closed(server: TestServer): void;
}

/** Engines that outlive the process of a site. */
export interface SharedEngines {
	/** Makes the engine of a process. */
	create(services: EngineServices): Engine;
	/** The error for a server that does not answer. */
	unreachable(): Error;
	/** Removes everything that the engines have kept. */
	remove(): Promise<void>;
}

/** What an engine gets of its process. */
export interface EngineServices {
	readonly host: TestHost;
	log(message: string): void;
}

/** A server that is a process. */
export class ProcessServer implements TestServer {
	readonly #modules: SiteModules;
	readonly #runtime: ProcessRuntime;
	readonly #services: ServerServices;
	/** Undefined for the engine in memory. */
	readonly #engines: SharedEngines | undefined;
	#trims: Trims = new Map();
	#process: SiteProcess;
	/** Resolves once the process has its engine. Undefined if nothing has to be waited for. */
	#starting: Promise<void> | undefined;
	#running: ReturnType<typeof setInterval> | undefined;

	/** @throws ProblemsError if the site's files have problems. */
	constructor(
		modules: SiteModules,
		runtime: ProcessRuntime,
		services: ServerServices,
		engines?: SharedEngines,
	) {
		this.#modules = modules;
		this.#runtime = runtime;
		this.#services = services;
		this.#engines = engines;
		this.#process = this.#start();
		// The connections of an engine keep no process running, and a test waits for their answers.
		if (engines !== undefined) this.#running = startInterval(() => {}, ONE_DAY);
	}

	get site(): Site {
		return this.#process.site;
	}

	get files(): readonly ChannelModule[] {
		return this.#modules.files;
	}

	async accept(context: EndpointContext, site: Site, socket: MuxSocket): Promise<Receiver> {
		if (this.#starting !== undefined) await this.#starting;
		const process = this.#process;
		const { run } = process;
		const { report } = this.#services;
		const handshake = await run(() =>
			readHandshake(context, site, { report, hasTrailingSlash: false }),
		);
		if (!('kind' in handshake)) throw await HandshakeRefused.of(handshake);
		// It may have been killed meanwhile.
		if (process !== this.#process) throw new Error('The server is gone.');
		const user = 'user' in handshake ? handshake.user : undefined;
		const mux = run(() => new Mux(socket, process.hub, user));
		return {
			message: (message) => run(() => mux.message(message)),
			closed: (code) => run(() => mux.closed(code)),
		};
	}

	async kill(): Promise<void> {
		this.#process.die();
		this.#process = this.#start();
	}

	/** @throws Error if the engine's server cannot be reached. */
	async started(): Promise<void> {
		await this.#starting;
	}

	async trim(file: string, params: Readonly<Record<string, string>>): Promise<void> {
		const names = this.files.find((module) => module.file === file)?.params ?? [];
		const key = channelKey(
			file,
			names.map((name) => params[name] ?? ''),
		);
		if (key !== undefined) await this.#process.engine.log.trim(key);
	}

	async hibernate(): Promise<void> {
		throw new Error(
			'hibernate() needs Durable Objects: a Node server never sleeps. Use kill() to lose what it keeps in memory.',
		);
	}

	async evict(): Promise<void> {
		throw new Error(
			'evict() needs Durable Objects: a Node server keeps its channels in its process. Use kill() to lose them.',
		);
	}

	async close(): Promise<void> {
		this.#process.die();
		this.#runtime.closed(this);
		const hasStarted = await this.#starting?.then(
			() => true,
			() => false,
		);
		try {
			if (hasStarted) await this.#engines?.remove();
		} finally {
			stopInterval(this.#running);
		}
	}

	#start(): SiteProcess {
		const { context, bytes } = this.#runtime;
		const engines = this.#engines;
		const { log } = this.#services;
		// What was in memory is gone, with what was trimmed of it.
		if (engines === undefined) this.#trims = new Map();
		const process = new SiteProcess(this.#modules, {
			...this.#services,
			context,
			...(bytes && { bytes }),
			run: (owner, work) => this.#runtime.run(owner, work),
			engine: (host) => engines?.create({ host, log }) ?? new MemoryEngine(host),
			trims: this.#trims,
		});
		if (engines !== undefined) {
			this.#starting = connected(process.engine, engines);
			// Whoever waits for it is told.
			this.#starting.catch(() => {});
		}
		return process;
	}
}

/** @throws Error if the engine can never work, or its server cannot be reached. */
async function connected(engine: Engine, engines: SharedEngines): Promise<void> {
	await engine.start();
	if (engine.status.state === 'down') throw engines.unreachable();
}
