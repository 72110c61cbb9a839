import type { Clock } from '../client/base/clock.ts';
import type { Address, Gap, Handle, Status, UntypedChannel } from '../client/base/types.ts';
import { createChannels } from '../client/channels.ts';
import { createClosable } from '../client/closable.ts';
import type { Page } from '../client/connection.ts';
import type { Client, Connect } from '../client/core.ts';
import { presence } from '../client/presence.ts';
import type {
	TestChannels,
	TestJoinOptions,
	TestPage,
	UntypedTestRoom,
	WaitOptions,
} from '../define/api/test-types.ts';
import { AUTH_PROTOCOL_PREFIX, ENDPOINT, PROTOCOL } from '../protocol/constants.ts';
import { Arrivals } from './arrivals.ts';
import { Journal } from './journal.ts';
import { type Accept, Link } from './link.ts';
import { testRoom } from './room.ts';
import { HandshakeRefused } from './visit.ts';
import { waitFor } from './wait.ts';

/**
 * The random number of all waits before a reconnect: the first is of 10 ms, and each further one
 * twice as long.
 */
const RANDOM = 0.02;

export interface ClientServices {
	/** The visitor, for messages. */
	readonly name: string;
	readonly clock: Clock;
	/** Milliseconds of a wait. */
	readonly timeout: number;
	/** A token for `authenticate`. */
	readonly auth: string | undefined;
	readonly accept: Accept;
	/** Which connection carries what. */
	readonly connect?: Connect | undefined;
	/** The names of the events of a channel, undefined if there is no such channel. */
	eventsOf(name: string, params: Readonly<Record<string, string>>): readonly string[] | undefined;
	/** Takes the lines of the client's log. */
	log(line: string): void;
}

/** The browser of a visitor, or another program with the realtime client. */
export class TestClient {
	/** `channels.rooms({ room: 'lobby' }).join()` joins `src/realtime/rooms/[room].ts`. */
	readonly channels: TestChannels;
	readonly #services: ClientServices;
	readonly #client: Client;
	readonly #journal: Journal;
	readonly #inbox = new Arrivals<unknown>();
	#isListening = false;
	readonly #links = new Set<Link>();
	/** Called when the server refuses a handshake. */
	readonly #refused = new Set<(error: unknown) => void>();
	readonly #line = { isCut: false };
	/** The window, which tells the client when the visitor goes. */
	readonly #page = new EventTarget();

	constructor(services: ClientServices) {
		this.#services = services;
		const { clock, connect } = services;
		this.#journal = new Journal(clock, services.log);
		this.#client = createClosable(
			{
				clock,
				random: () => RANDOM,
				page: this.#page as Page,
				open: (_token, query) => this.#open(query),
			},
			presence,
			connect,
		);
		this.#client.status.listen((status) => this.#journal.add(describeStatus(status)));
		this.channels = createChannels(
			(name, params) => this.#address(name, params) as never,
		) as TestChannels;
	}

	/** The state of the connection. */
	get status(): Client['status'] {
		return this.#client.status;
	}

	/** What the client saw, one line for each thing. */
	get log(): readonly string[] {
		return this.#journal.lines;
	}

	/** The client as a page has it, without what waits. */
	get page(): TestPage {
		return this.#client as unknown as TestPage;
	}

	/**
	 * Resolves with the oldest message to the user that no earlier call took: what `socket.send()` and
	 * `socket.to()` of the server send. Call {@link listen} first.
	 */
	async nextMessage({ timeout = this.#services.timeout }: WaitOptions = {}): Promise<unknown> {
		return await this.#inbox.take(timeout, () =>
			this.#describe(`No message came to ${this.#services.name} within ${timeout} ms.`),
		);
	}

	/** Opens the connection for messages to the user. Resolves once they would arrive. */
	async listen({ timeout = this.#services.timeout }: WaitOptions = {}): Promise<void> {
		if (!this.#isListening) {
			this.#isListening = true;
			this.#client.socket.on('message', (message) => this.#inbox.add(message));
		}
		await this.#reaches(this.#client.status, timeout, `${this.#services.name} is not connected`);
	}

	/** Closes the page, or goes to another one: presence ends a few seconds later. */
	closePage(): void {
		this.#page.dispatchEvent(new Event('pagehide'));
	}

	/** Breaks the connection. Both ends notice at once, and the client reconnects. */
	drop(): void {
		for (const link of this.#openLinks()) link.drop();
	}

	/** Cuts the line: nothing comes through in either direction, and no end is told. */
	partition(): void {
		if (this.#line.isCut) return;
		this.#journal.add('partitioned');
		this.#line.isCut = true;
		for (const link of this.#openLinks()) link.cut();
	}

	/** Ends {@link partition}. What waited arrives. */
	heal(): void {
		if (!this.#line.isCut) return;
		this.#journal.add('healed');
		this.#line.isCut = false;
		for (const link of this.#openLinks()) link.restore();
	}

	/** Leaves all channels, and closes the connection for good. */
	close(): void {
		this.heal();
		this.#client.close();
	}

	/** Adds a line to the client's own log. */
	note(line: string): void {
		this.#journal.note(line);
	}

	/** The process of the server has ended. */
	abandon(): void {
		for (const link of this.#openLinks()) link.abandon();
	}

	#open(query: string | undefined): Link {
		const { auth, accept, clock } = this.#services;
		const link = new Link({
			url: `http://localhost${ENDPOINT}${query ? `?${query}` : ''}`,
			line: this.#line,
			clock,
			journal: this.#journal,
		});
		this.#links.add(link);
		const protocols = auth === undefined ? [PROTOCOL] : [PROTOCOL, tokenProtocol(auth)];
		link.open(async (opening) => {
			try {
				return await accept(opening);
			} catch (error) {
				if (error instanceof HandshakeRefused)
					for (const reject of [...this.#refused]) reject(error);
				throw error;
			}
		}, protocols);
		return link;
	}

	*#openLinks(): Iterable<Link> {
		for (const link of [...this.#links]) {
			if (link.isOver) this.#links.delete(link);
			else yield link;
		}
	}

	#address(name: string, params: Readonly<Record<string, string>>): { readonly join: unknown } {
		return {
			join: async (options: TestJoinOptions & WaitOptions = {}) =>
				await this.#join(name, params, options),
		};
	}

	async #join(
		name: string,
		params: Readonly<Record<string, string>>,
		{ timeout = this.#services.timeout, onGap, ...options }: TestJoinOptions & WaitOptions,
	): Promise<UntypedTestRoom> {
		const names = this.#services.eventsOf(name, params) ?? [];
		const gaps = new Arrivals<Gap>();
		const handle = find(
			this.#client.channels,
			name,
		)(params).join({
			...options,
			onGap: (gap) => {
				gaps.add(gap);
				onGap?.(gap);
			},
		});
		const place = `${name} ${JSON.stringify(params)}`;
		const room = testRoom({ place, names, handle, journal: this.#journal, timeout, gaps });
		try {
			await this.#reaches(handle.status, timeout, `${this.#services.name} has not joined ${place}`);
		} catch (error) {
			handle.leave();
			throw error;
		}
		return room;
	}

	/** Waits for the state `open`. */
	async #reaches(status: Handle['status'], timeout: number, what: string): Promise<void> {
		await waitFor<void>(
			timeout,
			(resolve, reject) => {
				this.#refused.add(reject);
				const end = status.subscribe(({ state, error }) => {
					if (state === 'open') resolve();
					if (state === 'refused' || (state === 'closed' && error)) reject(error);
				});
				return () => {
					end();
					this.#refused.delete(reject);
				};
			},
			() => this.#describe(`${what} within ${timeout} ms.`),
		);
	}

	#describe(what: string): string {
		return `${what} The client saw:\n${this.#journal.text}`;
	}
}

function find(channels: Client['channels'], name: string): (params: object) => Address {
	let found: unknown = channels;
	for (const part of name.split('/')) found = (found as UntypedChannel)[part];
	return found as (params: object) => Address;
}

function tokenProtocol(token: string): string {
	const encoded = btoa(String.fromCharCode(...new TextEncoder().encode(token)));
	return (
		AUTH_PROTOCOL_PREFIX + encoded.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
	);
}

function describeStatus({ state, error }: Status): string {
	return error === undefined ? state : `${state}: ${error.message}`;
}
