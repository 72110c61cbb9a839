import type { Clock } from '../client/base/clock.ts';
import type { Store } from '../client/base/store.ts';
import type {
	TestServerChannels,
	TestServerSocket,
	TestUser,
	WaitOptions,
} from '../define/api/test-types.ts';
import { createChannels, createSocket } from '../define/handles.ts';
import { checkUser, type User } from '../define/handling/user.ts';
import type { Site } from '../define/site.ts';
import { TestClient } from './client.ts';
import { eventNames, findModule } from './events.ts';
import { Journal } from './journal.ts';
import type { ServerServices, TestServer } from './server.ts';
import { machineClock } from './test-clock.ts';
import { contextOf, type VisitOptions } from './visit.ts';
import { DEFAULT_TIMEOUT, settle, waitFor } from './wait.ts';

export interface RealtimeTestOptions {
	/** A `TestClock` that the test moves. Default: the machine's clock. */
	readonly clock?: Clock | undefined;
	/** Milliseconds of real time until a wait fails. Default: 1000. */
	readonly timeout?: number | undefined;
	/** Gets the errors of the site, for example of its handlers. Default: `console.error`. */
	readonly report?: ((message: string, error?: unknown) => void) | undefined;
}

/** The realtime channels of a site, in the process of its tests. */
export class TestRealtime {
	/** `channels` of `zastro:realtime`. */
	readonly channels: TestServerChannels;
	/** `socket` of `zastro:realtime`. */
	readonly socket: TestServerSocket;
	readonly #options: RealtimeTestOptions;
	readonly #clock: Clock;
	readonly #timeout: number;
	readonly #journal: Journal;
	readonly #clients = new Set<TestClient>();
	readonly #server: TestServer;
	#visits = 0;

	/** @param start Starts what serves the site. */
	constructor(start: (services: ServerServices) => TestServer, options: RealtimeTestOptions) {
		this.#options = options;
		this.#clock = options.clock ?? machineClock;
		this.#timeout = options.timeout ?? DEFAULT_TIMEOUT;
		this.#journal = new Journal(this.#clock);
		this.#server = start({
			clock: this.#clock,
			report: (message, error) => this.#report(message, error),
			log: (message) => this.#note(`server: ${message}`),
		});
		this.channels = createChannels(() => this.site) as unknown as TestServerChannels;
		this.socket = createSocket(() => this.site) as TestServerSocket;
	}

	/** The site, as its current process serves it. */
	get site(): Site {
		return this.#server.site;
	}

	/** What happened on the server and in all clients. */
	get log(): readonly string[] {
		return this.#journal.lines;
	}

	/** A client of a user. `authenticate` is not asked. */
	as(user: TestUser): TestClient {
		const checked = checkUser(typeof user === 'string' ? { id: user } : user);
		return this.#client(checked?.id ?? '', {}, () => checked);
	}

	/** A client whose user `authenticate` names, if the site has it. */
	visit(options: VisitOptions = {}): TestClient {
		return this.#client(`visitor ${++this.#visits}`, options);
	}

	/**
	 * Resolves with the value of a store, `room.presence` or `room.status`, once it is as expected.
	 *
	 * @throws Error after the timeout. Its message has the log of all clients.
	 */
	async until<Value>(
		store: Pick<Store<Value>, 'subscribe' | 'get'>,
		isExpected: (value: Value) => boolean,
		{ timeout = this.#timeout }: WaitOptions = {},
	): Promise<Value> {
		return await waitFor<Value>(
			timeout,
			(resolve, reject) =>
				store.subscribe((value) => {
					try {
						if (isExpected(value)) resolve(value);
					} catch (error) {
						reject(error);
					}
				}),
			() =>
				`The store is not as expected after ${timeout} ms. Its value:\n  ${JSON.stringify(store.get())}\nThe site saw:\n${this.#journal.text}`,
		);
	}

	/** Resolves when everything has happened that waits for no clock and no other process. */
	async settled(): Promise<void> {
		await settle();
	}

	/**
	 * Kills the server, with all that it kept in memory, and starts the next one. What an engine outside
	 * of the process keeps stays. The modules of the site are not loaded again.
	 */
	async kill(): Promise<void> {
		this.#note('the server was killed');
		const clients = [...this.#clients];
		await this.#server.kill();
		for (const client of clients) client.abandon();
		await this.#server.started?.();
	}

	/** Drops the messages that a channel keeps. Clients that were away are told the gap `trimmed`. */
	async trim(name: string, params: Readonly<Record<string, string>> = {}): Promise<void> {
		const module = findModule(this.#server.files, name, params);
		if (module === undefined) {
			throw new TypeError(`There is no channel ${name} ${JSON.stringify(params)}.`);
		}
		await this.#server.trim(module.file, params);
		this.#note(`${name} ${JSON.stringify(params)} was trimmed`);
	}

	/**
	 * Lets the objects of channels and users hibernate, while their connections stay open. Only Durable
	 * Objects can.
	 */
	async hibernate(): Promise<void> {
		await this.#server.hibernate();
		this.#note('the objects hibernate');
	}

	/** Ends the objects of channels and users, and their connections. Only Durable Objects can be. */
	async evict(): Promise<void> {
		await this.#server.evict();
		this.#note('the objects were evicted');
	}

	/** Closes all clients, and ends the server. */
	async close(): Promise<void> {
		for (const client of this.#clients) client.close();
		this.#clients.clear();
		await settle();
		await this.#server.close();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
	}

	/** Adds a line to the logs of all clients too, whose failed tests it may explain. */
	#note(line: string): void {
		this.#journal.add(line);
		for (const client of this.#clients) client.note(line);
	}

	#report(message: string, error?: unknown): void {
		const reason = error === undefined ? '' : ` ${error}`;
		this.#note(`server: ${message}${reason}`);
		const report = this.#options.report ?? printError;
		report(message, error);
	}

	/** @param authenticate In place of that of the site. */
	#client(name: string, visit: VisitOptions, authenticate?: () => User | undefined): TestClient {
		const server = this.#server;
		const client = new TestClient({
			name,
			auth: visit.auth,
			clock: this.#clock,
			timeout: this.#timeout,
			connect: server.connect,
			accept: ({ socket, url, protocols }) => {
				const { site } = server;
				const asked = authenticate === undefined ? site : { ...site, authenticate };
				return server.accept(contextOf(visit, url, protocols), asked, socket);
			},
			eventsOf: (channel, params) => {
				const module = findModule(server.files, channel, params);
				return module && eventNames(module);
			},
			log: (line) => this.#journal.add(`${name}: ${line}`),
		});
		this.#clients.add(client);
		return client;
	}
}

function printError(message: string, error?: unknown): void {
	console.error(...(error === undefined ? [message] : [message, error]));
}
