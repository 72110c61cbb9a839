/** A hub with a site and clients, without sockets and with a clock that tests move. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { ManualHost, settled } from '../channel/channel.fixture.ts';
import type { Session } from '../channel/ports.ts';
import type { HandlerContext, Runtime } from '../define/api/runtime.ts';
import type { User } from '../define/handling/user.ts';
import type { ChannelModule, SiteModules } from '../define/reading/site-file.ts';
import { readSite, type Site } from '../define/site.ts';
import { MemoryEngine } from '../memory/memory-engine.ts';
import type { LocalEngine } from '../user/engine.ts';
import { Hub } from './hub.ts';
import { Mux } from './mux.ts';
import { PlainConnection, type PlainSocket } from './plain-connection.ts';
import type { MuxRecord } from './record.ts';
import { targetAt } from './targets.ts';

/** What a file exports, by its path without the extension. `_middleware` is the root's. */
export type Files = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What a stage runs on. A runtime that sleeps runs the tests of this room on its own. */
export const ground: {
	engine: (stage: Stage) => LocalEngine;
	/** Called before and after each step of a client. */
	pause: (stage: Stage) => Promise<void>;
	/** Called with the sessions of the connections that lived through a sleep. */
	restored: (stage: Stage, sessions: readonly Session[]) => void;
} = {
	engine: ({ host }) => new MemoryEngine(host),
	pause: async () => {},
	restored: () => {},
};

const stages = new WeakMap<Hub, Stage>();

export class FakeSocket {
	readonly readyState = 1;
	/** What restores the connection. */
	kept: unknown;
	readonly sent: (string | Uint8Array)[] = [];
	closed: { readonly code: number; readonly reason: string } | undefined;
	bufferedAmount = 0;

	send(content: Parameters<PlainSocket['send']>[0]): void {
		this.sent.push(content as string | Uint8Array);
	}

	close(code: number, reason: string): void {
		this.closed ??= { code, reason };
	}

	keep(record: unknown): void {
		// It has to come through JSON.
		this.kept = record === undefined ? undefined : JSON.parse(JSON.stringify(record));
	}

	isClosed(): boolean {
		return this.closed !== undefined;
	}

	/** The text messages as JSON. */
	get frames(): unknown[][] {
		const texts = this.sent.filter((one) => typeof one === 'string');
		return texts
			.flatMap((one) => one.split('\n'))
			.flatMap((one) => (one === 'pong' ? [] : [parse(one)]));
	}
}

function parse(frame: string): unknown[] {
	return JSON.parse(frame);
}

/** A realtime client. */
export class Client {
	readonly socket: FakeSocket = new FakeSocket();
	mux: Mux;
	readonly #stage: Stage | undefined;

	constructor(hub: Hub, user: User | undefined) {
		this.mux = new Mux(this.socket, hub, user);
		this.mux.changed();
		this.#stage = stages.get(hub);
		this.#stage?.clients.add(this);
	}

	/** The connection in a process that slept. */
	restore(hub: Hub): Session | undefined {
		const record = this.socket.kept as MuxRecord | undefined;
		if (record !== undefined) this.mux = Mux.restore(this.socket, hub, record);
		return record?.session;
	}

	/** Sends frames, and waits until everything has happened that waits for no alarm. */
	async send(...frames: readonly unknown[]): Promise<void> {
		if (this.#stage !== undefined) await ground.pause(this.#stage);
		for (const frame of frames) {
			this.mux.message(typeof frame === 'string' ? frame : JSON.stringify(frame));
		}
		await settled();
		if (this.#stage !== undefined) await ground.pause(this.#stage);
	}

	/** The frames of a type, without it. */
	of(type: string): unknown[][] {
		return this.socket.frames.filter(([one]) => one === type).map(([, ...parts]) => parts);
	}

	/** What the client was welcomed with. */
	get welcome(): { readonly session: string; readonly isResumed: boolean } {
		const [parts] = this.of('welcome');
		if (parts === undefined) throw new Error('The client was not welcomed.');
		return parts[0] as { session: string; isResumed: boolean };
	}

	/** The secret of the session. */
	get session(): string {
		return this.welcome.session;
	}

	/** The code of the error in the first frame of a type. */
	code(type: 'error' | 'left' | 'refused'): string | undefined {
		const error = this.of(type)[0]?.at(-1);
		return (error as { readonly code: string } | null | undefined)?.code;
	}

	/** The types of the frames, in order. */
	get types(): unknown[] {
		return this.socket.frames.map(([type]) => type);
	}
}

export class Stage {
	readonly host: ManualHost = new ManualHost();
	hub: Hub;
	readonly clients: Set<Client> = new Set();
	/**
	 * False for what begins anew in a sleep. A process sleeps after ten quiet seconds, in which time
	 * stands still here.
	 */
	maySleep = true;
	/** What the site logged. */
	readonly logs: string[] = [];
	#files: Files = {};

	constructor(files: Files = {}) {
		this.hub = this.#start();
		this.use(files);
	}

	/** Takes files as after an edit. */
	use(files: Files): void {
		this.#files = files;
		useFiles(this.hub, files, (message) => this.logs.push(message));
	}

	/** Forgets everything but what the engine and the sockets keep. */
	async sleep(): Promise<void> {
		this.host.sleep();
		this.hub = this.#start();
		this.use(this.#files);
		const sessions: Session[] = [];
		for (const client of this.clients) {
			const session = client.restore(this.hub);
			if (session !== undefined) sessions.push(session);
		}
		ground.restored(this, sessions);
		await this.hub.resume();
		await settled();
	}

	#start(): Hub {
		const hub = new Hub(this.host, ground.engine(this));
		stages.set(hub, this);
		return hub;
	}

	get site(): Site {
		if (this.hub.site === undefined) throw new Error('There is no site.');
		return this.hub.site;
	}

	/** A client that was welcomed. */
	async client(user?: User, ...hello: readonly [details?: object, lines?: 1]): Promise<Client> {
		const client = new Client(this.hub, user);
		await client.send(['hello', ...hello]);
		return client;
	}

	/** A plain client, undefined if its path leads nowhere. */
	async plain(path: string, user?: User): Promise<[PlainConnection, FakeSocket] | undefined> {
		const admission = await this.hub.authorize(targetAt(this.hub.site, path.split('/')), user);
		if (admission === undefined) return undefined;
		const socket = new FakeSocket();
		const connection = new PlainConnection(socket, this.hub, user, admission);
		await connection.open();
		await settled();
		return [connection, socket];
	}
}

/** Makes a hub serve files. */
export function useFiles(hub: Hub, files: Files, log: (message: string) => void = () => {}): void {
	const { host } = hub;
	const runtime: Runtime = {
		directory: hub,
		context: new AsyncLocalStorage<HandlerContext>(),
		isDevelopment: true,
		alarm: (milliseconds, callback) => host.alarm(milliseconds, callback),
		waitUntil: (work) => host.waitUntil(work),
		report: (message, error) => host.report(message, error),
		log,
	};
	const { site, problems } = readSite(modulesOf(files), runtime);
	if (problems.length > 0) throw new Error(JSON.stringify(problems));
	hub.use(site);
}

export function modulesOf(files: Files): SiteModules {
	const paths = Object.entries(files);
	return {
		files: paths.filter(([path]) => path !== '_middleware').map(channelModule),
		middleware: paths
			.filter(([path]) => path === '_middleware')
			.map(([path, module]) => ({ path: `src/realtime/${path}.ts`, folder: '', module })),
		version: paths.map(([path]) => path).join(),
	};
}

function channelModule([file, module]: readonly [string, ChannelModule['module']]): ChannelModule {
	const segments = file.split('/');
	const isParam = (segment: string): boolean => segment.startsWith('[');
	return {
		path: `src/realtime/${file}.ts`,
		folder: segments.slice(0, -1).join('/'),
		file,
		name: segments.filter((segment) => !isParam(segment)).join('/'),
		params: segments.filter(isParam).map((segment) => segment.slice(1, -1)),
		module,
	};
}
