import { MemoryRoster } from '../memory/memory-roster.ts';
import { RealtimeError } from '../protocol/errors.ts';
import { FaultyLog, ManualHost, rulesOf, seededRandom } from './channel.fixture.ts';
import { Channel } from './channel.ts';
import type { Member } from './member.ts';
import type { Claim, Link, NewEntry, Retention, Roster, Session } from './ports.ts';
import type { Position } from './position.ts';

export interface SoakOptions {
	readonly seed: number;
	/** Random steps, each a message, a fault, or some time. */
	readonly steps: number;
	readonly clients: number;
}

export interface SoakResult {
	readonly published: number;
	readonly delivered: number;
	readonly gaps: number;
	readonly resumes: number;
	readonly handled: number;
	readonly uncertain: number;
	/** Broken promises, at most twenty. */
	readonly failures: readonly string[];
}

const KEY = 'soak';
const RETENTION: Retention = { size: 40, ttl: 300 };

/**
 * Random publishers, members and faults from a seed. Each member checks what it gets against what
 * was really written. At the end, every member has everything since its last told gap.
 */
export async function soak(options: SoakOptions): Promise<SoakResult> {
	const run = new Soak(options);
	for (let step = 0; step < options.steps && run.failures.length < 20; step++) await run.step();
	await run.end();
	return run.result();
}

/** What the engine acknowledged, beyond every fault. */
class Truth {
	/** The position before each written one. */
	readonly previous = new Map<Position, Position>();
	readonly #next = new Map<Position, Position>();
	/** Positions whose message was trimmed, or was lost by the engine. */
	readonly #unavailable = new Set<Position>();

	wrote(position: Position, previous: Position): void {
		this.previous.set(position, previous);
		this.#next.set(previous, position);
	}

	/** Remembers which messages the log no longer has. */
	compare(available: ReadonlySet<Position>): void {
		for (const position of this.previous.keys()) {
			if (!available.has(position)) this.#unavailable.add(position);
		}
	}

	/** Whether a member with this position may be told of a gap. */
	mayHaveGap(position: Position, head: Position): boolean {
		if (position === head) return false;
		const next = this.#next.get(position);
		return next === undefined || this.#unavailable.has(next);
	}

	/** Frees what is older than a number of messages. */
	forget(limit: number): void {
		for (const [position, previous] of this.previous) {
			if (this.previous.size <= limit) break;
			this.previous.delete(position);
			this.#next.delete(previous);
			this.#unavailable.delete(position);
		}
	}
}

/** A roster whose claims survive the death of the process that holds them. */
class DurableRoster extends MemoryRoster {
	readonly #running = new Map<string, number>();
	#generation = 0;

	override async claim(secret: string, message: number): Promise<Claim> {
		const claim = await super.claim(secret, message);
		const key = `${secret} ${message}`;
		if (claim.state === 'claimed') this.#running.set(key, this.#generation);
		if (claim.state !== 'running' || this.#running.get(key) === this.#generation) return claim;
		return { state: 'running', outcome: undefined };
	}

	override async settle(secret: string, message: number, outcome: string): Promise<void> {
		// A dead process settles nothing.
		const key = `${secret} ${message}`;
		if (this.#running.get(key) !== this.#generation) return;
		this.#running.delete(key);
		await super.settle(secret, message, outcome);
	}

	killProcess(): void {
		this.#generation++;
	}
}

class Soak {
	readonly failures: string[] = [];
	readonly truth: Truth = new Truth();
	readonly log: FaultyLog;
	readonly host: ManualHost;
	/** How often the handler ran for each message of a client. */
	readonly runs: Map<string, number> = new Map();
	published = 0;
	delivered = 0;
	gaps = 0;
	resumes = 0;
	uncertain = 0;
	/** How often the log was down, or lost messages. */
	outages = 0;
	readonly #random: () => number;
	readonly #roster: DurableRoster;
	readonly #clients: SoakClient[];
	#channel: Channel;
	#process = 0;

	constructor({ seed, clients }: SoakOptions) {
		this.#random = seededRandom(seed);
		this.host = new ManualHost(seed);
		this.log = new FaultyLog(this.host);
		this.log.onWrite = (position, previous) => this.truth.wrote(position, previous);
		this.#roster = new DurableRoster(this.host);
		this.#channel = this.#start();
		this.#clients = Array.from({ length: clients }, (_, index) => new SoakClient(this, index));
	}

	get roster(): Roster {
		return this.#roster;
	}

	get channel(): Channel {
		return this.#channel;
	}

	fail(text: string): void {
		this.failures.push(text);
	}

	chance(probability: number): boolean {
		return this.#random() < probability;
	}

	result(): SoakResult {
		const { published, delivered, gaps, resumes, uncertain, failures } = this;
		const handled = [...this.runs.values()].reduce((sum, count) => sum + count, 0);
		return { published, delivered, gaps, resumes, handled, uncertain, failures };
	}

	async step(): Promise<void> {
		const client = this.#anyClient();
		const choice = this.#random() * 100;
		if (choice < 40) await this.#publish(1 + Math.floor(this.#random() * 4));
		else if (choice < 52) client?.sendMessage();
		else if (choice < 60) client?.drop(this.chance(0.5));
		else if (choice < 75) await client?.reconnect();
		else if (choice < 79) client?.toggleReading();
		else if (choice < 82) this.log.hold();
		else if (choice < 86) this.log.release();
		else if (choice < 88) this.log.interrupt();
		else if (choice < 90) this.#setFault();
		else if (choice < 91) this.#failOver();
		else if (choice < 91.3) this.#restartLog();
		else if (choice < 92) this.log.trim(KEY);
		else if (choice < 93) {
			this.outages++;
			this.log.setDown(true);
		} else if (choice < 95) this.log.setDown(false);
		else if (choice < 95.5) this.#killProcess();
		else await this.host.advance(this.#random() * 2000);
		this.#remember();
	}

	/** Ends all faults, and waits until everyone has everything. */
	async end(): Promise<void> {
		this.log.setDown(false);
		this.log.fault = undefined;
		this.log.release();
		this.log.interrupt();
		await this.host.advance(5_000);
		for (const client of this.#clients) {
			if (!client.isReading) client.toggleReading();
			await client.reconnect();
		}
		await this.host.advance(60_000);
		await this.#publish(1);
		await this.host.advance(60_000);
		const { head } = await this.log.last(KEY, 0);
		for (const client of this.#clients) client.checkEnd(head);
		for (const [id, count] of this.runs) if (count > 1) this.fail(`${id} ran ${count} times`);
	}

	async #publish(count: number): Promise<void> {
		for (let index = 0; index < count; index++) {
			const entry = { name: 'said', data: String(this.published), at: this.host.now() };
			// A failed publish is told to its publisher.
			const isDone = await this.append(entry).then(
				() => true,
				() => false,
			);
			if (isDone) this.published++;
		}
	}

	append(entry: NewEntry): Promise<Position> {
		return this.log.append(KEY, entry, RETENTION);
	}

	/** Whether a member may be told that messages after a position are missing. */
	mayHaveGap(position: Position, head: Position): boolean {
		this.#remember();
		return this.truth.mayHaveGap(position, head);
	}

	#remember(): void {
		const available = new Set(this.log.entries(KEY).map(({ position }) => position));
		this.truth.compare(available);
		this.truth.forget(2000);
	}

	#setFault(): void {
		this.log.fault = this.chance(0.3)
			? () => (this.chance(0.2) ? 'lost' : this.chance(0.2) ? 'twice' : 'none')
			: undefined;
	}

	#failOver(): void {
		this.outages++;
		this.log.failOver(KEY, 1 + Math.floor(this.#random() * 3));
		// What was on the way to the watchers died with the primary, whose clients reconnect.
		this.log.interrupt();
	}

	#restartLog(): void {
		this.outages++;
		this.log.restart();
		this.log.interrupt();
	}

	/** All connections end, handlers included. */
	#killProcess(): void {
		this.#process++;
		this.#roster.killProcess();
		this.log.dropWatchers();
		for (const client of this.#clients) client.processDied();
		this.#channel = this.#start();
	}

	#anyClient(): SoakClient | undefined {
		return this.#clients[Math.floor(this.#random() * this.#clients.length)];
	}

	#start(): Channel {
		const process = this.#process;
		return new Channel({
			key: KEY,
			number: process + 1,
			rules: () =>
				rulesOf(
					async ({ data, published }) => {
						const id = String(data);
						this.runs.set(id, (this.runs.get(id) ?? 0) + 1);
						if (this.chance(0.3)) await this.#pause();
						if (process !== this.#process) return new Promise(() => {});
						const entry = { name: 'said', data: JSON.stringify(id), at: this.host.now() };
						published(await this.append(entry));
						return JSON.stringify(id);
					},
					{ retention: RETENTION, timeout: 20_000 },
				),
			ports: { log: this.log, roster: this.#roster, host: this.host },
			onIdle: () => {
				if (process === this.#process) this.#channel = this.#start();
			},
		});
	}

	#pause(): Promise<void> {
		return new Promise((resolve) => {
			this.host.alarm(this.#random() * 3000, resolve);
		});
	}
}

interface Pending {
	readonly data: string;
	/** The gaps and outages when the message was sent. */
	readonly interruptions: number;
}

/** A member that follows the rules of the protocol, and checks the server by them. */
class SoakClient {
	isReading = true;
	#session: Session | undefined;
	readonly #soak: Soak;
	readonly #index: number;
	#member: Member | undefined;
	#position: Position | undefined;
	#seen = new Set<Position>();
	#ref = 0;
	#ids = 0;
	/** Messages without an answer, by id. */
	#pending = new Map<number, Pending>();
	/** The data of the newest messages. */
	#heard = new Set<unknown>();
	#gaps = 0;
	#ready: Promise<void> = Promise.resolve();
	#unblock: () => void = () => {};
	#connection = 0;

	constructor(soak: Soak, index: number) {
		this.#soak = soak;
		this.#index = index;
	}

	toggleReading(): void {
		this.isReading = !this.isReading;
		if (this.isReading) this.#unblock();
		else {
			this.#ready = new Promise((resolve) => {
				this.#unblock = resolve;
			});
		}
	}

	drop(isClean: boolean): void {
		const member = this.#member;
		this.processDied();
		member?.disconnected(isClean);
	}

	processDied(): void {
		this.#member = undefined;
		this.#connection++;
	}

	async reconnect(): Promise<void> {
		const { roster, channel } = this.#soak;
		if (this.#member !== undefined) return;
		const { secret = '' } = this.#session ?? {};
		let session = await roster.resumeSession(secret, undefined);
		if (session === undefined) {
			session = await roster.openSession(undefined);
			this.#soak.uncertain += this.#pending.size;
			this.#pending.clear();
		}
		this.#session = session;
		this.#connection++;
		const connection = this.#connection;
		const link: Link = {
			session,
			send: ({ content }) => {
				if (connection === this.#connection) this.#receive(JSON.parse(String(content)));
			},
			ready: () => this.#ready,
		};
		const member = channel.ask({ link, ref: ++this.#ref, user: undefined, params: {}, data: {} });
		this.#member = member;
		const since = this.#position;
		if (since !== undefined) this.#soak.resumes++;
		try {
			await member.admit({ since, mayReadHistory: true });
			for (const [id, { data }] of this.#pending) member.message({ id, name: 'say', data });
		} catch (error) {
			if (!(error instanceof RealtimeError)) throw error;
			if (this.#member === member) this.#member = undefined;
		}
	}

	checkEnd(head: Position): void {
		if (this.#position !== head) this.#fail(`ended at ${this.#position}, the log at ${head}`);
		if (this.#pending.size > 0) this.#fail(`has ${this.#pending.size} messages without an answer`);
	}

	sendMessage(): void {
		const id = ++this.#ids;
		const data = `client ${this.#index} message ${id}`;
		if (this.#pending.size > 10) return;
		this.#pending.set(id, { data, interruptions: this.#interruptions });
		this.#member?.message({ id, name: 'say', data });
	}

	/** Each may hide a message from this client. */
	get #interruptions(): number {
		return this.#gaps + this.#soak.outages;
	}

	#receive(frame: unknown[]): void {
		const [type, , ...parts] = frame;
		if (type === 'joined') {
			const { position } = parts[1] as { position: Position };
			if (this.#position !== undefined && position !== this.#position) {
				this.#fail(`joined at ${position}, not at its own ${this.#position}`);
			}
			this.#position = position;
		} else if (type === 'event') this.#event(String(parts[0]), parts[6]);
		else if (type === 'gap') this.#gap(String(parts[1]));
		else if (type === 'reply' || type === 'error') this.#answer(type, Number(parts[0]), parts[1]);
		else if (type === 'left') this.#member = undefined;
	}

	#event(position: Position, data: unknown): void {
		const previous = this.#soak.truth.previous.get(position);
		if (previous !== this.#position) {
			this.#fail(`got ${position} after ${this.#position}, it follows ${previous}`);
		}
		if (this.#seen.has(position)) this.#fail(`got ${position} twice`);
		remember(this.#seen, position);
		remember(this.#heard, data);
		this.#position = position;
		this.#soak.delivered++;
	}

	#gap(position: Position): void {
		this.#soak.gaps++;
		this.#gaps++;
		if (this.#position !== undefined && !this.#soak.mayHaveGap(this.#position, position)) {
			this.#fail(`was told of a gap after ${this.#position}, where nothing is missing`);
		}
		this.#position = position;
	}

	#answer(type: string, id: number, result: unknown): void {
		const pending = this.#pending.get(id);
		this.#pending.delete(id);
		if (pending === undefined) this.#fail(`got a second answer to ${id}`);
		else if (type === 'error') {
			const { code } = result as { code: string };
			if (code === 'UNCERTAIN') this.#soak.uncertain++;
		} else {
			const { data, interruptions } = pending;
			if (result !== data) this.#fail(`got ${result} for ${data}`);
			if (!this.#soak.runs.has(data)) this.#fail(`got a reply to ${data}, which never ran`);
			if (interruptions === this.#interruptions && !this.#heard.has(data)) {
				this.#fail(`got a reply to ${data} before what its handler published`);
			}
		}
	}

	#fail(text: string): void {
		this.#soak.fail(`client ${this.#index} ${text}`);
	}
}

/** Adds to a set of the newest values. */
function remember<Value>(values: Set<Value>, value: Value): void {
	values.add(value);
	if (values.size <= 500) return;
	for (const oldest of values) {
		values.delete(oldest);
		break;
	}
}
