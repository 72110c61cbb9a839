/** A hub with a site and clients, without sockets and with a clock that tests move. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { ManualHost, settled } from '../../realtime/channel/channel.fixture.ts';
import type { HandlerContext, Runtime } from '../../realtime/define/runtime.ts';
import { readSite, type Site } from '../../realtime/define/site.ts';
import type { ChannelModule, SiteModules } from '../../realtime/define/site-file.ts';
import type { User } from '../../realtime/define/user.ts';
import { Hub } from './hub.ts';
import { Mux } from './mux.ts';
import { PlainConnection, type PlainSocket } from './plain-connection.ts';

/** What a file exports, by its path without the extension. `_middleware` is the root's. */
export type Files = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export class FakeSocket implements PlainSocket {
	readonly readyState = 1;
	readonly sent: (string | Uint8Array)[] = [];
	closed: { readonly code: number; readonly reason: string } | undefined;
	bufferedAmount = 0;

	send(content: Parameters<PlainSocket['send']>[0]): void {
		this.sent.push(content as string | Uint8Array);
	}

	close(code: number, reason: string): void {
		this.closed ??= { code, reason };
	}

	isClosed(): boolean {
		return this.closed !== undefined;
	}

	/** The text messages as JSON. */
	get frames(): unknown[][] {
		return this.sent.filter((one) => typeof one === 'string' && one !== 'pong').map(parse);
	}
}

function parse(message: string | Uint8Array): unknown[] {
	return JSON.parse(String(message));
}

/** A realtime client. */
export class Client {
	readonly socket: FakeSocket = new FakeSocket();
	readonly mux: Mux;

	constructor(hub: Hub, user: User | undefined) {
		this.mux = new Mux(this.socket, hub, user);
	}

	/** Sends frames, and waits until everything has happened that waits for no alarm. */
	async send(...frames: readonly unknown[]): Promise<void> {
		for (const frame of frames) {
			this.mux.message(typeof frame === 'string' ? frame : JSON.stringify(frame));
		}
		await settled();
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
	readonly hub: Hub = new Hub(this.host);
	/** What the site logged. */
	readonly logs: string[] = [];

	constructor(files: Files = {}) {
		this.use(files);
	}

	/** Takes files as after an edit. */
	use(files: Files): void {
		useFiles(this.hub, files, (message) => this.logs.push(message));
	}

	get site(): Site {
		if (this.hub.site === undefined) throw new Error('There is no site.');
		return this.hub.site;
	}

	/** A client that was welcomed. */
	async client(user?: User, hello: object = {}): Promise<Client> {
		const client = new Client(this.hub, user);
		await client.send(['hello', hello]);
		return client;
	}

	/** A plain client, undefined if its path leads nowhere. */
	async plain(path: string, user?: User): Promise<[PlainConnection, FakeSocket] | undefined> {
		const admission = await this.hub.authorize(this.hub.findByPath(path.split('/')), user);
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

function modulesOf(files: Files): SiteModules {
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
