import { ManualHost, rulesOf, seededRandom, settled } from '../channel.fixture.ts';
import { FaultyLog } from '../faulty-log.fixture.ts';
import type { ChannelKey } from '../key.ts';
import { followLog } from '../log/feed.ts';
import { Channel } from '../members/channel.ts';
import type { Entry, Log, NewEntry, Retention, Roster } from '../ports.ts';
import type { Position } from '../position.ts';
import { SoakClient, type SoakWorld } from './client.fixture.ts';
import { noCounts, type SoakCounts } from './counts.fixture.ts';
import { DurableRoster } from './durable-roster.fixture.ts';
import { Truth } from './truth.fixture.ts';

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

export interface SoakResult extends Readonly<SoakCounts> {
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
	return { ...run.counts, failures: run.failures };
}

class Soak implements SoakWorld {
	readonly failures: string[] = [];
	readonly counts: SoakCounts = noCounts();
	outages = 0;
	readonly #truth = new Truth();
	readonly #log: SoakLog;
	readonly #host: ManualHost;
	/** The messages of clients whose handlers ran. */
	readonly #ran = new Set<string>();
	readonly #random: () => number;
	readonly #roster: DurableRoster;
	readonly #clients: SoakClient[];
	readonly #sleeps: boolean;
	#channel: Channel;
	#process = 0;

	constructor({ seed, clients, host = new ManualHost(seed), log, sleeps = false }: SoakOptions) {
		this.#sleeps = sleeps;
		this.#random = seededRandom(seed);
		this.#host = host;
		this.#log = log ?? new FaultyLog(this.#host);
		this.#log.onWrite = (position, previous) => this.#truth.wrote(position, previous);
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

	#chance(probability: number): boolean {
		return this.#random() < probability;
	}

	async step(): Promise<void> {
		const client = this.#anyClient();
		const choice = this.#random() * 100;
		if (choice < 38) await this.#publish(1 + Math.floor(this.#random() * 4));
		else if (choice < 40) await this.#takeSnapshot();
		else if (choice < 52) client?.sendMessage();
		else if (choice < 60) client?.drop(this.#chance(0.5));
		else if (choice < 75) await client?.reconnect();
		else if (choice < 79) client?.toggleReading();
		else if (choice < 82) this.#log.hold();
		else if (choice < 86) this.#log.release();
		else if (choice < 88) await this.#log.interrupt();
		else if (choice < 90) this.#setFault();
		else if (choice < 91) await this.#failOver();
		else if (choice < 91.3) await this.#restartLog();
		else if (choice < 92) await this.#log.trim(KEY);
		else if (choice < 93) {
			this.outages++;
			this.#log.setDown(true);
		} else if (choice < 95) this.#log.setDown(false);
		else if (choice < 95.5) this.#killProcess();
		else await this.#host.advance(this.#random() * 2000);
		if (this.#sleeps && this.#chance(0.1)) await this.#sleep();
		this.#remember();
	}

	/** Ends all faults, and waits until everyone has everything. */
	async end(): Promise<void> {
		this.#log.setDown(false);
		this.#log.fault = undefined;
		this.#log.release();
		await this.#log.interrupt();
		await this.#host.advance(5_000);
		for (const client of this.#clients) {
			if (!client.isReading) client.toggleReading();
			await client.reconnect();
		}
		await this.#host.advance(60_000);
		await this.#loseWhatWasReadAhead();
		await this.#publish(1);
		await this.#checkEnd();
	}

	/** Members that come back read messages which the feed has not had, and which the log then loses. */
	async #loseWhatWasReadAhead(): Promise<void> {
		const away = this.#clients.filter(() => this.#chance(0.5));
		for (const client of away) client.drop(false);
		await this.#publish(1);
		this.#log.hold();
		await this.#publish(3);
		for (const client of away) await client.reconnect();
		await this.#host.settled();
		await this.#failOver();
		await this.#checkEnd();
	}

	async #checkEnd(): Promise<void> {
		await this.#host.advance(60_000);
		const { head } = await this.#log.last(KEY, 0);
		for (const client of this.#clients) client.checkEnd(head);
	}

	async #publish(count: number): Promise<void> {
		for (let index = 0; index < count; index++) {
			const entry = { name: 'said', data: String(this.counts.published), at: this.#host.now() };
			// A failed publish is told to its publisher.
			const isDone = await this.#append(entry).then(
				() => true,
				() => false,
			);
			if (isDone) this.counts.published++;
		}
	}

	/** Its data is its position, so that a member can tell that it got the right one. */
	async #takeSnapshot(): Promise<void> {
		const entries = this.#log.entries(KEY);
		const { position } = entries[Math.floor(this.#random() * entries.length)] ?? {};
		if (position === undefined) return;
		const entry = { name: 'all', data: JSON.stringify(position), at: this.#host.now() };
		await this.#log.snapshot(KEY, entry, position).catch(() => false);
	}

	#handled(id: string): void {
		this.counts.handled++;
		if (this.#ran.has(id)) this.fail(`${id} ran again`);
		this.#ran.add(id);
	}

	#append(entry: NewEntry): Promise<Position> {
		return this.#log.append(KEY, entry, RETENTION);
	}

	previousOf(position: Position): Position | undefined {
		return this.#truth.previousOf(position);
	}

	hasRun(message: string): boolean {
		return this.#ran.has(message);
	}

	mayHaveGap(position: Position, head: Position): boolean {
		this.#remember();
		return this.#truth.mayHaveGap(position, head);
	}

	#remember(): void {
		this.#truth.compare(this.#available());
		this.#truth.forget(2000);
	}

	#available(): ReadonlySet<Position> {
		return new Set(this.#log.entries(KEY).map(({ position }) => position));
	}

	#setFault(): void {
		this.#log.fault = this.#chance(0.3)
			? () => (this.#chance(0.2) ? 'lost' : this.#chance(0.2) ? 'twice' : 'none')
			: undefined;
	}

	async #failOver(): Promise<void> {
		this.outages++;
		this.#remember();
		const failedOver = this.#log.failOver(KEY, 1 + Math.floor(this.#random() * 3));
		// A member may be told of it in the next moment.
		const hasLostAll = failedOver instanceof Promise ? await failedOver : failedOver;
		if (hasLostAll) this.#truth.loseAll();
		else this.#truth.lose(this.#available());
		// What was on the way to the watchers died with the primary, whose clients reconnect.
		await this.#log.interrupt();
	}

	async #restartLog(): Promise<void> {
		this.outages++;
		const restarted = this.#log.restart();
		if (restarted !== undefined) await restarted;
		this.#truth.loseAll();
		await this.#log.interrupt();
	}

	/** All connections end, handlers included. */
	#killProcess(): void {
		this.#process++;
		this.#roster.killProcess();
		this.#log.dropWatchers();
		for (const client of this.#clients) client.processDied();
		this.#channel = this.#start();
	}

	/**
	 * A process sleeps only while nothing runs in it. Its connections live on. What sleeps has its log
	 * in itself, so that its members have all of it.
	 */
	async #sleep(): Promise<void> {
		if (this.#log.isQuiet !== true) return;
		await settled();
		for (let wait = 0; wait < 10 && this.#host.isBusy; wait++) await this.#host.advance(400);
		const { head } = await this.#log.last(KEY, 0);
		if (this.#host.isBusy || this.#channel.feed.head !== head) return;
		this.#process++;
		this.#log.dropWatchers();
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
						this.#handled(id);
						if (this.#chance(0.3)) await this.#pause();
						if (process !== this.#process) return new Promise(() => {});
						const entry = { name: 'said', data: JSON.stringify(id), at: this.#host.now() };
						message.published(await this.#append(entry));
						return JSON.stringify(id);
					},
					{ retention: RETENTION, timeout: 20_000 },
				),
			ports: { log: this.#log, roster: this.#roster, host: this.#host, feed: followLog },
			onIdle: () => {
				if (process === this.#process) this.#channel = this.#start();
			},
		});
	}

	#pause(): Promise<void> {
		return new Promise((resolve) => {
			this.#host.alarm(this.#random() * 3000, resolve);
		});
	}
}
