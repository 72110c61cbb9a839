import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { ManualHost } from '../../realtime/channel/channel.fixture.ts';
import { FaultyDelivery } from '../../realtime/channel/faulty-delivery.fixture.ts';
import type { ChannelKey } from '../../realtime/channel/key.ts';
import type {
	Cast,
	Entry,
	Log,
	NewEntry,
	Page,
	Retention,
	Unwatch,
} from '../../realtime/channel/ports.ts';
import type { Position } from '../../realtime/channel/position.ts';
import { type SoakLog, soak } from '../../realtime/channel/soak/soak.fixture.ts';
import { type EngineProcess, type Stage, until } from './engine.fixture.ts';

/** The channel that tells when everything published before has arrived. */
const BARRIER = 'barrier';

/** The channel of the soak. */
export const SOAK: ChannelKey = 'soak';

/** What an engine's server does to the data of a channel, as in a failure. */
export interface SoakFaults {
	/** Loses the newest messages. Returns how many, and undefined if all are lost. */
	loseNewest(channel: ChannelKey, count: number): Promise<number | undefined>;
	/** Loses the channel, and the position of channels without messages. */
	loseAll(channel: ChannelKey): Promise<void>;
	/** Loses the messages, and keeps the position. */
	loseKept(channel: ChannelKey): Promise<void>;
	/** Cuts the connections of the process. */
	cut(): void;
}

/**
 * The log of a process, with faults between it and its watchers, and in the server itself: it loses
 * its newest messages as in a failover, or everything, and its connections are cut.
 */
class EngineSoakLog extends FaultyDelivery implements SoakLog {
	onWrite: SoakLog['onWrite'];
	readonly #process: EngineProcess;
	readonly #faults: SoakFaults;
	readonly #known = new Set<Position>();
	#kept: Pick<Entry, 'position'>[] = [];
	#size = 0;
	#loss: Promise<unknown> | undefined;
	#pending = 0;
	#barriers = 0;
	#arrived = 0;
	#unwatch: Unwatch | undefined;

	constructor(process: EngineProcess, faults: SoakFaults) {
		super();
		this.#process = process;
		this.#faults = faults;
	}

	get #log(): Log {
		return this.#process.engine.log;
	}

	/** Begins to watch. One subscription serves all watchers, so that each message is seen here first. */
	async start(channel: ChannelKey): Promise<void> {
		await this.#log.watch(BARRIER, {
			entry: () => {},
			cast: () => this.#arrived++,
			interrupted: () => {},
		});
		this.#unwatch = await this.#log.watch(channel, {
			entry: (entry) => {
				this.#note(entry);
				this.deliver(channel, (watcher) => watcher.entry(entry));
			},
			cast: (cast) => this.deliver(channel, (watcher) => watcher.cast(cast)),
			interrupted: () => this.tellInterruption(),
		});
	}

	stop(): void {
		this.#unwatch?.();
	}

	/** Resolves when the server has answered everything, and all that was published has arrived. */
	async settled(): Promise<void> {
		for (let isQuiet = false; !isQuiet; ) {
			await until('the server answered', () => this.#pending === 0);
			await this.#up();
			const barrier = ++this.#barriers;
			const before = this.#arrived;
			try {
				await this.#log.cast(BARRIER, { name: String(barrier), data: undefined });
				await until('the barrier arrived', () => this.#arrived > before, 2000);
			} catch {
				continue;
			}
			await new Promise((resolve) => setImmediate(resolve));
			isQuiet = this.#pending === 0;
		}
	}

	async append(channel: ChannelKey, entry: NewEntry, retention: Retention): Promise<Position> {
		this.checkUp();
		this.#size = retention.size;
		return await this.#count(this.#log.append(channel, entry, retention));
	}

	async after(channel: ChannelKey, position: Position, limit?: number): Promise<Page> {
		this.checkUp();
		await this.#loss;
		return this.#noted(await this.#count(this.#log.after(channel, position, limit)));
	}

	async last(channel: ChannelKey, count: number, limit?: number): Promise<Page> {
		this.checkUp();
		await this.#loss;
		return this.#noted(await this.#count(this.#log.last(channel, count, limit)));
	}

	async snapshot(channel: ChannelKey, entry: NewEntry, upTo: Position): Promise<boolean> {
		this.checkUp();
		const isTaken = await this.#count(this.#log.snapshot(channel, entry, upTo));
		if (isTaken) {
			const last = this.#kept.findIndex(({ position }) => position === upTo);
			this.#kept = this.#kept.slice(last + 1);
		}
		return isTaken;
	}

	async cast(channel: ChannelKey, cast: Cast): Promise<void> {
		this.checkUp();
		await this.#count(this.#log.cast(channel, cast));
	}

	async failOver(channel: ChannelKey, lost: number): Promise<boolean> {
		return await this.#lose(async () => {
			const gone = await this.#faults.loseNewest(channel, lost);
			this.#kept = this.#kept.slice(
				0,
				gone === undefined ? 0 : Math.max(0, this.#kept.length - gone),
			);
			return gone === undefined;
		});
	}

	async restart(): Promise<void> {
		await this.#lose(async () => {
			await this.#faults.loseAll(SOAK);
			this.#kept = [];
		});
	}

	async trim(channel: ChannelKey): Promise<void> {
		await this.#lose(async () => {
			await this.#faults.loseKept(channel);
			this.#kept = [];
		});
	}

	/** Cuts the connections. The engine says that something may have been lost. */
	async interrupt(): Promise<void> {
		this.dropHeld();
		const { engine } = this.#process;
		const before = Date.now();
		this.#faults.cut();
		await until('the engine noticed', () => engine.status.since >= before, 2000);
		await this.#up();
		this.tellInterruption();
	}

	entries(): readonly Pick<Entry, 'position'>[] {
		return this.#kept;
	}

	/** Lets nobody read while the server loses something in several steps, and before that is noted. */
	async #lose<Value>(lose: () => Promise<Value>): Promise<Value> {
		await this.settled();
		const loss = until('reads have ended', () => this.#pending === 0).then(async () => {
			// What was published while the connections were cut may have reached nobody.
			const page = await this.#log.last(SOAK, this.#size, this.#size);
			this.#kept = [...this.#noted(page).entries];
			return await lose();
		});
		this.#loss = loss;
		try {
			return await loss;
		} finally {
			this.#loss = undefined;
		}
	}

	async #up(): Promise<void> {
		await until('the engine is up', () => this.#process.engine.status.state === 'up');
	}

	async #count<Value>(answer: Promise<Value>): Promise<Value> {
		this.#pending++;
		try {
			return await answer;
		} finally {
			this.#pending--;
		}
	}

	#noted(page: Page): Page {
		for (const entry of page.entries) this.#note(entry);
		return page;
	}

	/** What the server has written, in its order. */
	#note({ position, previous }: Entry): void {
		if (this.#known.has(position)) return;
		this.#known.add(position);
		this.onWrite?.(position, previous);
		this.#kept.push({ position });
		this.#kept.splice(0, this.#kept.length - this.#size);
	}
}

/** A host whose time passes when the server has answered. */
function hostOf(log: EngineSoakLog, seed: number): ManualHost {
	const host = new ManualHost(seed);
	host.settled = () => log.settled();
	return host;
}

/** What a soak on an engine needs. */
export interface SoakStage {
	readonly test: Stage['test'];
	/** Starts a process whose connections can be cut, and the faults of its server. */
	readonly start: (
		context: TestContext,
	) => Promise<{ readonly process: EngineProcess; readonly faults: SoakFaults }>;
}

/** What every engine of several processes does under faults of any kind. */
export function soakCases({ test, start }: SoakStage): void {
	for (const seed of [1, 2]) {
		test(`keeps the promises of the protocol with the seed ${seed}`, async (context) => {
			const { process, faults } = await start(context);
			const log = new EngineSoakLog(process, faults);
			await log.start(SOAK);
			const host = hostOf(log, seed);
			const result = await soak({ seed, steps: 1500, clients: 5, log, host });
			log.stop();
			assert.deepEqual(result.failures, []);
			for (const count of ['delivered', 'snapshots', 'gaps', 'resumes', 'handled'] as const) {
				assert.ok(result[count] > 0, count);
			}
			context.diagnostic(JSON.stringify(result));
		});
	}
}
