import { mock } from 'node:test';
import { seededRandom, settled } from '../../../realtime/channel/channel.fixture.ts';
import type { ChannelHandle } from '../../../realtime/define/api/channel-handle.ts';
import { defineChannel } from '../../../realtime/define/api/define-channel.ts';
import { type FakeObject, type FakeObjectSocket, World } from './object.fixture.ts';

export interface ObjectSoakOptions {
	readonly seed: number;
	readonly steps: number;
	readonly clients: number;
}

export interface ObjectSoakResult {
	readonly published: number;
	readonly delivered: number;
	readonly resumed: number;
	readonly handled: number;
	readonly sleeps: number;
	readonly evictions: number;
	/** How often a client was closed because it read slowly, or was owed an answer. */
	readonly closed: number;
	/** How often messages were missing because the channel did not keep them. */
	readonly gaps: number;
	/** Broken promises, at most twenty. */
	readonly failures: readonly string[];
}

const anything = {
	'~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
};
/** Large enough that few of them fill the credits of a connection. */
const TEXT = 'x'.repeat(20_000);
const HISTORY = { size: 40, ttl: 86_400 };

/**
 * Random clients of one object that sleeps and is killed between any two steps. Each client checks
 * what it gets by the rules of the protocol. Uses mocked timers.
 */
export async function objectSoak(options: ObjectSoakOptions): Promise<ObjectSoakResult> {
	const run = new ObjectSoak(options);
	for (let step = 0; step < options.steps && run.failures.length < 20; step++) await run.step();
	await run.end();
	return run.result();
}

class ObjectSoak {
	readonly failures: string[] = [];
	readonly object: FakeObject;
	/** How often the handler ran for each message of a client. */
	readonly runs: Map<string, number> = new Map();
	delivered = 0;
	resumed = 0;
	closed = 0;
	gaps = 0;
	readonly #random: () => number;
	readonly #clients: SoakClient[];
	#published = 0;
	#sleeps = 0;
	#evictions = 0;

	constructor({ seed, clients }: ObjectSoakOptions) {
		this.#random = seededRandom(seed);
		const channel = defineChannel({
			authorize: 'users',
			messages: {
				say: {
					input: anything,
					handler: async (id: string, { channel }: { channel: ChannelHandle }) => {
						this.runs.set(id, (this.runs.get(id) ?? 0) + 1);
						await channel.publish('said', { id, text: TEXT });
						return id;
					},
				},
			},
			events: { said: anything },
			history: HISTORY,
			presence: { of: 'user' },
		} as never);
		this.object = new World({ room: { default: channel } }).object('channel:room');
		this.#clients = Array.from({ length: clients }, (_, index) => new SoakClient(this, index));
	}

	chance(probability: number): boolean {
		return this.#random() < probability;
	}

	fail(text: string): void {
		this.failures.push(text);
	}

	result(): ObjectSoakResult {
		const { delivered, resumed, closed, gaps, failures } = this;
		return {
			published: this.#published,
			delivered,
			resumed,
			closed,
			gaps,
			handled: this.runs.size,
			sleeps: this.#sleeps,
			evictions: this.#evictions,
			failures,
		};
	}

	async step(): Promise<void> {
		const client = this.#clients[Math.floor(this.#random() * this.#clients.length)];
		const choice = this.#random() * 100;
		if (choice < 30) await this.#publish();
		else if (choice < 42) await client?.send();
		else if (choice < 56) await client?.drop(this.chance(0.5) ? 1001 : 1006);
		else if (choice < 76) await client?.connect();
		else if (choice < 84) await client?.toggleReading();
		else if (choice < 92) this.#sleep();
		else if (choice < 94) this.#evict();
		else await this.#pass(this.#random() * 5000);
		await this.#receive();
	}

	async end(): Promise<void> {
		for (let round = 0; round < 20; round++) {
			for (const client of this.#clients) {
				if (!client.isReading) await client.toggleReading();
				await client.connect();
			}
			await this.#receive();
		}
		for (const client of this.#clients) client.checkAnswers();
		// One of them never comes back.
		this.#evict();
		const [, ...rest] = this.#clients;
		for (let round = 0; round < 5; round++) {
			for (const client of rest) await client.connect();
			await this.#receive();
		}
		await this.#publish();
		await this.#pass(30_000);
		await this.#receive();
		const object = await this.object.instance;
		const { position } = await object.history({ last: 0 });
		for (const client of rest) client.checkEnd(position);
		const members = (await object.members()).map(({ id }) => id).sort();
		const expected = rest.map(({ id }) => id).sort();
		if (members.join() !== expected.join()) this.fail(`${members} are present, not ${expected}`);
		for (const [id, count] of this.runs) if (count > 1) this.fail(`${id} ran ${count} times`);
	}

	async #publish(): Promise<void> {
		const data = JSON.stringify({ id: `site ${this.#published++}`, text: TEXT });
		await (await this.object.instance).publish([{ name: 'said', data, isEphemeral: false }]);
		await settled();
	}

	#sleep(): void {
		this.#sleeps++;
		this.object.sleep();
	}

	#evict(): void {
		this.#evictions++;
		this.object.evict();
		for (const client of this.#clients) client.lost();
	}

	async #pass(milliseconds: number): Promise<void> {
		for (let left = milliseconds; left > 0; left -= 1000) {
			mock.timers.tick(Math.min(1000, left));
			await settled();
			await this.object.ring();
			// Clients answer whether they are still there.
			await this.#receive();
		}
	}

	/** Lets the clients read, until nothing new comes. */
	async #receive(): Promise<void> {
		for (let isMore = true; isMore; ) {
			isMore = false;
			for (const client of this.#clients) if (await client.receive()) isMore = true;
		}
	}
}

class SoakClient {
	readonly id: string;
	isReading = true;
	readonly #soak: ObjectSoak;
	#socket: FakeObjectSocket | undefined;
	#read = 0;
	#isWelcome = false;
	/** The counts that the client will repeat. */
	#credits: unknown[] = [];
	#session: string | undefined;
	#position: string | undefined;
	#ref = 0;
	#ids = 0;
	readonly #pending = new Map<number, string>();
	readonly #heard = new Set<string>();
	#hasGap = false;

	constructor(soak: ObjectSoak, index: number) {
		this.#soak = soak;
		this.id = `user${index}`;
	}

	/** A client that does not read acknowledges nothing. */
	async toggleReading(): Promise<void> {
		this.isReading = !this.isReading;
		const socket = this.#socket;
		if (!this.isReading || socket === undefined) return;
		const credits = this.#credits.map((count) => ['credit', count]);
		this.#credits = [];
		await this.#soak.object.message(socket, ...credits);
	}

	/** The connection died without the object hearing of it. */
	lost(): void {
		this.#socket = undefined;
	}

	async drop(code: number): Promise<void> {
		const socket = this.#socket;
		this.lost();
		if (socket !== undefined) await this.#soak.object.close(socket, code);
	}

	async connect(): Promise<void> {
		if (this.#socket !== undefined) return;
		const { object } = this.#soak;
		const socket = await object.accept({ user: { id: this.id } });
		this.#socket = socket;
		this.#read = 0;
		this.#isWelcome = false;
		this.#credits = [];
		const session = this.#session;
		await object.message(socket, ['hello', session === undefined ? {} : { session }]);
	}

	async send(): Promise<void> {
		if (this.#pending.size >= 10) return;
		const id = ++this.#ids;
		const data = `${this.id} message ${id}`;
		this.#pending.set(id, data);
		if (this.#socket === undefined || !this.#isWelcome) return;
		await this.#soak.object.message(this.#socket, ['send', this.#ref, id, 'say', data]);
	}

	/** Takes what arrived. Returns whether there was anything. */
	async receive(): Promise<boolean> {
		const socket = this.#socket;
		if (socket === undefined) return false;
		const fresh = socket.sent.slice(this.#read);
		this.#read += fresh.length;
		for (const text of fresh) await this.#take(socket, JSON.parse(String(text)));
		if (socket.closed === undefined) return fresh.length > 0;
		this.#soak.closed++;
		const { code } = socket.closed;
		if (code !== 4008 && code !== 4013) this.#fail(`was closed with ${code}`);
		await this.drop(1006);
		return true;
	}

	checkEnd(head: string): void {
		if (this.#position !== head) this.#fail(`ended at ${this.#position}, the log at ${head}`);
		this.checkAnswers();
	}

	checkAnswers(): void {
		if (this.#pending.size > 0) this.#fail(`has ${this.#pending.size} messages without an answer`);
	}

	async #take(socket: FakeObjectSocket, [type, ...parts]: unknown[]): Promise<void> {
		if (type === 'welcome') {
			const { session, isResumed } = parts[0] as { session: string; isResumed: boolean };
			// A session ends two minutes after its connection. What it was asked is unknown then.
			if (!isResumed) this.#pending.clear();
			this.#session = session;
			this.#isWelcome = true;
			const since = this.#position;
			if (since !== undefined) this.#soak.resumed++;
			const options = { presence: {}, ...(since !== undefined && { since }) };
			await this.#soak.object.message(
				socket,
				['join', ++this.#ref, 'room', {}, options],
				...[...this.#pending].map(([id, sent]) => ['send', this.#ref, id, 'say', sent]),
			);
		} else if (type === 'joined') {
			const { position } = parts[2] as { position: string };
			if (this.#position !== undefined && position !== this.#position) {
				this.#fail(`joined at ${position}, not at its own ${this.#position}`);
			}
			this.#position = position;
		} else if (type === 'event') this.#event(parts);
		else if (type === 'gap') this.#gap(String(parts[2]));
		else if (type === 'credit') {
			if (this.isReading) await this.#soak.object.message(socket, ['credit', parts[0]]);
			else this.#credits.push(parts[0]);
		} else if (type === 'reply') this.#reply(Number(parts[1]), parts[2]);
		else if (type === 'error') this.#error(Number(parts[1]), parts[2]);
		else if (type === 'refused' || type === 'left') this.#fail(`got ${type}: ${parts[1]}`);
	}

	#event([, position, previous, , , , , data]: readonly unknown[]): void {
		if (previous !== this.#position) {
			this.#fail(`got ${position} after ${this.#position}, it follows ${previous}`);
		}
		this.#position = String(position);
		this.#heard.add((data as { id: string }).id);
		this.#soak.delivered++;
	}

	#gap(position: string): void {
		this.#soak.gaps++;
		if (numberOf(position) - numberOf(this.#position) <= HISTORY.size) {
			this.#fail(`was told of a gap from ${this.#position} to ${position}`);
		}
		this.#position = position;
		this.#hasGap = true;
	}

	#reply(id: number, result: unknown): void {
		const data = this.#pending.get(id);
		this.#pending.delete(id);
		// It was given up with an earlier session.
		if (data === undefined) return;
		if (result !== data) this.#fail(`got ${result} for ${data}`);
		// Its message may be among those that are missing.
		if (!this.#heard.has(data) && !this.#hasGap)
			this.#fail(`got a reply to ${data} before its message`);
	}

	#error(id: number, error: unknown): void {
		const { code } = error as { code: string };
		if (code === 'TOO_MANY_REQUESTS' || code === 'UNCERTAIN') this.#pending.delete(id);
		else this.#fail(`got the error ${code}`);
	}

	#fail(text: string): void {
		this.#soak.fail(`${this.id} ${text}`);
	}
}

/** The number in a position. */
function numberOf(position: string | undefined): number {
	return Number.parseInt(position?.split('.')[1] ?? '0', 36);
}
