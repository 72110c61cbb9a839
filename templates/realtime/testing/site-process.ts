import type { ContextStore, HandlerContext, Runtime } from '../define/api/runtime.ts';
import { ProblemsError } from '../define/reading/problem.ts';
import type { SiteModules } from '../define/reading/site-file.ts';
import { readSite, type Site } from '../define/site.ts';
import { Hub } from '../server/hub.ts';
import { followTakeovers } from '../server/takeovers.ts';
import type { Engine } from '../user/engine.ts';
import { TestEngine, type Trims } from './test-engine.ts';
import { type HostServices, TestHost } from './test-host.ts';

export interface ProcessServices extends Omit<HostServices, 'run'> {
	/** Runs code of the site as a part of a process. */
	run<Result>(process: Pick<SiteProcess, 'site'>, work: () => Result): Result;
	/** Makes the engine. */
	engine(host: TestHost): Engine;
	/** What was trimmed of its data. */
	readonly trims: Trims;
	/** What tells which handler runs. */
	readonly context: ContextStore<HandlerContext>;
	/** Why a join is refused, and what the site's hooks log. */
	log(message: string): void;
	/** The runtime's own form of bytes. */
	bytes?(data: Uint8Array): Uint8Array;
}

/** A server process of a tested site, with everything that it keeps. */
export class SiteProcess {
	readonly host: TestHost;
	readonly engine: TestEngine;
	readonly hub: Hub;
	readonly site: Site;
	/** Runs code of the site. What goes on of it after the process has died reaches nobody. */
	readonly run: <Result>(work: () => Result) => Result;

	/** @throws ProblemsError if the site's files have problems. */
	constructor(modules: SiteModules, services: ProcessServices) {
		const { context, log, bytes, trims } = services;
		this.run = (work) => services.run(this, work);
		const host = new TestHost({ ...services, run: this.run });
		this.host = host;
		this.engine = new TestEngine(services.engine(host), trims);
		this.hub = new Hub(host, this.engine);
		followTakeovers(this.hub);
		const runtime: Runtime = {
			directory: this.hub,
			context,
			enter: this.run,
			isDevelopment: true,
			alarm: (milliseconds, callback) => host.alarm(milliseconds, callback),
			waitUntil: (work) => host.waitUntil(work),
			report: (message, error) => host.report(message, error),
			log,
			...(bytes && { bytes }),
		};
		const { site, problems } = readSite(modules, runtime);
		if (problems.length > 0) throw new ProblemsError(problems);
		this.site = site;
		this.hub.use(site);
	}

	/** The process ends, and hands nothing over. */
	die(): void {
		this.host.die();
		void this.engine.close();
	}
}
