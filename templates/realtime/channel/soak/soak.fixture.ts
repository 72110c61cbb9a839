import { MemoryRoster } from '../../memory/memory-roster.ts';
import { RealtimeError } from '../../protocol/errors.ts';
import { FaultyLog, ManualHost, rulesOf, seededRandom, settled } from '../channel.fixture.ts';
import { dropOldest } from '../drop-oldest.ts';
import type { ChannelKey } from '../key.ts';
import { CLAIM_LIFETIME } from '../limits.ts';
import { followLog } from '../log/feed.ts';
import { Channel } from '../members/channel.ts';
import type { Member, MemberRecord } from '../members/member.ts';
import type { Claim, Entry, Link, Log, NewEntry, Retention, Roster, Session } from '../ports.ts';
import type { Position } from '../position.ts';

export interface SoakOptions {
	readonly seed: number;
	/** Random steps, each a message, a fault, or some time. */
	readonly steps: number;
	readonly clients: number;
	/** The log under test. Default: one in memory. */
	readonly log?: SoakLog;
	readonly host?: ManualHost;
	/** Whether the process sleeps now and then: it forgets its channel, and restores its members. */
	readonly sleeps?: boolean;
}

/** A log, and the faults that happen to it. */
export interface SoakLog extends Log {
	/** Makes deliveries unreliable. */
	fault: (() => 'none' | 'lost' | 'twice') | undefined;
	/** Called for each message before anyone gets it. */
	onWrite: ((position: Position, previous: Position) => void) | undefined;
	/**
	 * A replica that lacks the newest messages of a channel becomes the log.
	 *
	 * @returns whether that was all that the log knew, also of trimmed messages.
	 */
	failOver(channel: ChannelKey, lost: number): boolean | Promise<boolean>;
	/** Everything is lost, as in a restart without data. */
	restart(): void | Promise<void>;
	/** Forgets the watchers, as if their process had died. */
	dropWatchers(): void;
	/** Drops the kept messages, but no head. */
	trim(channel: ChannelKey): void | Promise<void>;
	/** Holds deliveries back until `release()`. */
	hold(): void;
	release(): void;
	/** Drops what is held back, and says that something may have been lost. */
	interrupt(): void | Promise<void>;
	setDown(isDown: boolean): void;
	/** Whether nothing is on its way, so that a process may sleep. Absent in a log of several. */
	readonly isQuiet?: boolean;
	/** The kept messages of a channel. */
	entries(channel: ChannelKey): readonly Pick<Entry, 'position'>[];
}

export interface SoakResult {
	readonly published: number;
	readonly delivered: number;
	/** How often a member got a snapshot in place of messages. */
	readonly snapshots: number;
	readonly gaps: number;
	readonly resumes: number;
	readonly handled: number;
	readonly uncertain: number;
	/** How often a member was restored after a sleep. */
	readonly restored: number;
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
	/** Positions that the log no longer continues from. */
	readonly #lost = new Set<Position>();

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

	/** The engine lost the messages that are no longer available. */
	lose(available: ReadonlySet<Position>): void {
		for (const position of this.previous.keys()) {
			if (!available.has(position) && !this.#unavailable.has(position)) this.#lost.add(position);
		}
		this.compare(available);
	}

	/** The engine lost everything, also what it knew of trimmed messages. */
	loseAll(): void {
		for (const position of this.previous.keys()) this.#lost.add(position);
		this.compare(new Set());
	}

	/** Whether a member with this position may be told of a gap. */
	mayHaveGap(position: Position, head: Position): boolean {
		if (position === head) return false;
		const next = this.#next.get(position);
		if (next !== undefined) return this.#unavailable.has(next);
		// That of no message is the beginning of an earlier log.
		return this.#lost.has(position) || !this.previous.has(position);
	}

	/** Frees what is older than a number of messages. */
	forget(limit: number): void {
		for (const [position, previous] of this.previous) {
			if (this.previous.size <= limit) break;
			this.previous.delete(position);
			this.#next.delete(previous);
			this.#unavailable.delete(position);
			this.#lost.delete(position);
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
		return { state: 'running', outcome: Promise.resolve(undefined) };
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
	readonly log: SoakLog;
	readonly host: ManualHost;
	/** When the handler ran last for each message of a client. */
	readonly runs: Map<string, number> = new Map();
	handled = 0;
	published = 0;
	delivered = 0;
	snapshots = 0;
	gaps = 0;
	resumes = 0;
	uncertain = 0;
	restored = 0;
	/** How often the log was down, or lost messages. */
	outages = 0;
	readonly #random: () => number;
	readonly #roster: DurableRoster;
	readonly #clients: SoakClient[];
	readonly #sleeps: boolean;
	#channel: Channel;
	#process = 0;

	constructor({ seed, clients, host = new ManualHost(seed), log, sleeps = false }: SoakOptions) {
		this.#sleeps = sleeps;
		this.#random = seededRandom(seed);
		this.host = host;
		this.log = log ?? new FaultyLog(this.host);
		this.log.onWrite = (position, previous) => this.truth.wrote(position, previous);
		this.#roster = new DurableRoster({
			now: () => host.now(),
			random: (length) => host.random(length),
			secret: () => host.secret(),
			// The engine does not sleep.
			alarm: (milliseconds, callback) => host.wakeAfter(milliseconds, callback),
		});
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
		const { published, delivered, snapshots, gaps, resumes, uncertain, restored, failures } = this;
		const { handled } = this;
		const counts = { published, delivered, snapshots, gaps, resumes, handled, uncertain, restored };
		return { ...counts, failures };
	}

	async step(): Promise<void> {
		const client = this.#anyClient();
		const choice = this.#random() * 100;
		if (choice < 38) await this.#publish(1 + Math.floor(this.#random() * 4));
		else if (choice < 40) await this.#takeSnapshot();
		else if (choice < 52) client?.sendMessage();
		else if (choice < 60) client?.drop(this.chance(0.5));
		else if (choice < 75) await client?.reconnect();
		else if (choice < 79) client?.toggleReading();
		else if (choice < 82) this.log.hold();
		else if (choice < 86) this.log.release();
		else if (choice < 88) await this.log.interrupt();
		else if (choice < 90) this.#setFault();
		else if (choice < 91) await this.#failOver();
		else if (choice < 91.3) await this.#restartLog();
		else if (choice < 92) await this.log.trim(KEY);
		else if (choice < 93) {
			this.outages++;
			this.log.setDown(true);
		} else if (choice < 95) this.log.setDown(false);
		else if (choice < 95.5) this.#killProcess();
		else await this.host.advance(this.#random() * 2000);
		if (this.#sleeps && this.chance(0.1)) await this.#sleep();
		this.#remember();
	}

	/** Ends all faults, and waits until everyone has everything. */
	async end(): Promise<void> {
		this.log.setDown(false);
		this.log.fault = undefined;
		this.log.release();
		await this.log.interrupt();
		await this.host.advance(5_000);
		for (const client of this.#clients) {
			if (!client.isReading) client.toggleReading();
			await client.reconnect();
		}
		await this.host.advance(60_000);
		await this.#loseWhatWasReadAhead();
		await this.#publish(1);
		await this.#checkEnd();
	}

	/** Members that come back read messages which the feed has not had, and which the log then loses. */
	async #loseWhatWasReadAhead(): Promise<void> {
		const away = this.#clients.filter(() => this.chance(0.5));
		for (const client of away) client.drop(false);
		await this.#publish(1);
		this.log.hold();
		await this.#publish(3);
		for (const client of away) await client.reconnect();
		await this.host.settled();
		await this.#failOver();
		await this.#checkEnd();
	}

	async #checkEnd(): Promise<void> {
		await this.host.advance(60_000);
		const { head } = await this.log.last(KEY, 0);
		for (const client of this.#clients) client.checkEnd(head);
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

	/** Its data is its position, so that a member can tell that it got the right one. */
	async #takeSnapshot(): Promise<void> {
		const entries = this.log.entries(KEY);
		const { position } = entries[Math.floor(this.#random() * entries.length)] ?? {};
		if (position === undefined) return;
		const entry = { name: 'all', data: JSON.stringify(position), at: this.host.now() };
		await this.log.snapshot(KEY, entry, position).catch(() => false);
	}

	/** A claim is kept for its time. A message that is sent again later, or waits longer, may run again. */
	#ran(id: string): void {
		this.handled++;
		const now = this.host.now();
		const before = this.runs.get(id);
		if (before !== undefined && now - before < CLAIM_LIFETIME) {
			this.fail(`${id} ran again after ${now - before} ms`);
		}
		this.runs.set(id, now);
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
		this.truth.compare(this.#available());
		this.truth.forget(2000);
	}

	#available(): ReadonlySet<Position> {
		return new Set(this.log.entries(KEY).map(({ position }) => position));
	}

	#setFault(): void {
		this.log.fault = this.chance(0.3)
			? () => (this.chance(0.2) ? 'lost' : this.chance(0.2) ? 'twice' : 'none')
			: undefined;
	}

	async #failOver(): Promise<void> {
		this.outages++;
		this.#remember();
		const failedOver = this.log.failOver(KEY, 1 + Math.floor(this.#random() * 3));
		// A member may be told of it in the next moment.
		const hasLostAll = failedOver instanceof Promise ? await failedOver : failedOver;
		if (hasLostAll) this.truth.loseAll();
		else this.truth.lose(this.#available());
		// What was on the way to the watchers died with the primary, whose clients reconnect.
		await this.log.interrupt();
	}

	async #restartLog(): Promise<void> {
		this.outages++;
		const restarted = this.log.restart();
		if (restarted !== undefined) await restarted;
		this.truth.loseAll();
		await this.log.interrupt();
	}

	/** All connections end, handlers included. */
	#killProcess(): void {
		this.#process++;
		this.#roster.killProcess();
		this.log.dropWatchers();
		for (const client of this.#clients) client.processDied();
		this.#channel = this.#start();
	}

	/**
	 * A process sleeps only while nothing runs in it. Its connections live on. What sleeps has its log
	 * in itself, so that its members have all of it.
	 */
	async #sleep(): Promise<void> {
		if (this.log.isQuiet !== true) return;
		await settled();
		for (let wait = 0; wait < 10 && this.host.isBusy; wait++) await this.host.advance(400);
		const { head } = await this.log.last(KEY, 0);
		if (this.host.isBusy || this.#channel.feed.head !== head) return;
		this.#process++;
		this.log.dropWatchers();
		this.#channel = this.#start();
		for (const client of this.#clients) client.restore();
		await this.#channel.resume();
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
					async (message) => {
						const id = String(message.data);
						this.#ran(id);
						if (this.chance(0.3)) await this.#pause();
						if (process !== this.#process) return new Promise(() => {});
						const entry = { name: 'said', data: JSON.stringify(id), at: this.host.now() };
						message.published(await this.append(entry));
						return JSON.stringify(id);
					},
					{ retention: RETENTION, timeout: 20_000 },
				),
			ports: { log: this.log, roster: this.#roster, host: this.host, feed: followLog },
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
	/** The gaps, snapshots and outages when the message was sent. */
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
	/** What restores the member. */
	#kept: { readonly record: MemberRecord | undefined; readonly owesAnswer: boolean } | undefined;

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
		const member = channel.ask({
			link: this.#link(session),
			ref: ++this.#ref,
			user: undefined,
			params: {},
			data: {},
		});
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

	/** The process has slept. The connection lived through it, unless it waits for an answer. */
	restore(): void {
		if (this.#member === undefined || this.#session === undefined) return;
		const { record, owesAnswer } = this.#kept ?? {};
		if (record === undefined) {
			this.processDied();
			return;
		}
		this.#member = this.#soak.channel.restore(
			{
				link: this.#link(this.#session),
				ref: this.#ref,
				user: undefined,
				params: {},
				data: record.data,
			},
			record,
		);
		this.#soak.restored++;
		if (owesAnswer) this.drop(false);
	}

	/** A new connection, or the same one in a process that has slept. */
	#link(session: Session): Link {
		this.#connection++;
		const connection = this.#connection;
		return {
			session,
			send: ({ content }) => {
				if (connection === this.#connection) this.#receive(JSON.parse(String(content)));
			},
			ready: () => this.#ready,
			changed: () => {
				const member = this.#member;
				if (connection !== this.#connection || member === undefined) return;
				this.#kept = { record: member.record, owesAnswer: member.owesAnswer };
			},
		};
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
		const [type, number, ...parts] = frame;
		if (type === 'joined') {
			const { position } = parts[1] as { position: Position };
			if (this.#position !== undefined && position !== this.#position) {
				this.#fail(`joined at ${position}, not at its own ${this.#position}`);
			}
			this.#position = position;
		} else if (type === 'event') this.#event(String(parts[0]), parts[6]);
		else if (type === 'snapshot') this.#snapshot(String(parts[0]), parts[5]);
		else if (type === 'gap') this.#gap(String(parts[1]));
		else if (type === 'left') this.#member = undefined;
		else if (type === 'reply' || type === 'error') {
			// A join that has ended gets no answer: its messages are sent again with the next one.
			if (this.#member === undefined || number !== this.#ref) return;
			this.#answer(type, Number(parts[0]), parts[1]);
		}
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

	/** It has messages in it that this client has not heard of one by one. */
	#snapshot(position: Position, data: unknown): void {
		this.#soak.snapshots++;
		this.#gaps++;
		// After a failover it may be older than what this client had. What follows it comes again.
		this.#seen.clear();
		if (data !== position) this.#fail(`got the snapshot of ${data} for ${position}`);
		if (this.#position !== undefined && !this.#soak.mayHaveGap(this.#position, position)) {
			this.#fail(`got a snapshot after ${this.#position}, where nothing is missing`);
		}
		this.#position = position;
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
	dropOldest(values, 500);
}
