// What channels cost when there are many: `node --expose-gc many-channels.fixture.ts` prints a line
// for each ratio, with what it is of.
import { rulesOf } from '../channel/channel.fixture.ts';
import { Channel } from '../channel/members/channel.ts';
import type { JoinOptions, Member } from '../channel/members/member.ts';
import type { Host, Link, Retention } from '../channel/ports.ts';
import { MemoryEngine } from '../memory/memory-engine.ts';

/** How much is measured. */
export interface Effort {
	readonly few: number;
	readonly many: number;
	/** Of one round. */
	readonly turns: number;
	readonly rounds: number;
}

/** How much dearer something is with many channels than with few. */
export interface Cost {
	readonly what: string;
	readonly ratio: number;
}

// All channels are full, so that each message takes the place of another one.
const RETENTION: Retention = { size: 2, ttl: 300 };
const MESSAGE = { name: 'said', data: '{"text":"hello"}' };

type Turn = () => Promise<unknown>;

/** A process with a number of channels, each with a member and some messages. */
interface Filled {
	readonly append: Turn;
	readonly join: Turn;
	readonly resume: Turn;
	/** Turns to this number of the channels only. */
	use(count: number): void;
}

function hostOfNumbers(): Host {
	let numbers = 0;
	const random = (length: number): string => String(numbers++).padStart(length, '0');
	return {
		now: () => 0,
		random,
		secret: () => random(22),
		alarm: () => () => {},
		wakeAfter: () => () => {},
		broadcast(links, frame) {
			for (const link of links) link.send(frame);
		},
		waitUntil() {},
		report(message, error) {
			throw new Error(message, { cause: error });
		},
	};
}

async function filled(size: number): Promise<Filled> {
	const host = hostOfNumbers();
	const engine = new MemoryEngine(host);
	const { log, roster, feed } = engine;
	const ports = { log, roster, feed, host };
	const rules = rulesOf(async () => undefined, { retention: RETENTION });
	const session = await roster.openSession(undefined);
	let delivered = 0;
	const join = async (channel: Channel, options: Partial<JoinOptions> = {}): Promise<Member> => {
		const link: Link = {
			session,
			send: () => {
				delivered++;
			},
			ready: () => undefined,
		};
		const member = channel.ask({ link, ref: 1, user: undefined, params: {}, data: {} });
		await member.admit({ mayReadHistory: true, ...options });
		return member;
	};
	const append: Turn = () => log.append(next().key, { ...MESSAGE, at: host.now() }, RETENTION);
	const channels: Channel[] = [];
	let turn = 0;
	let used = size;
	// Not one after the other: the next channel would be near in memory.
	const next = (): Channel => channels[((turn++ % used) * 7919) % size] as Channel;
	for (let number = 0; number < size; number++) {
		const key = `rooms ${number}`;
		const channel = new Channel({ key, number, rules: () => rules, ports, onIdle() {} });
		channels.push(channel);
		await join(channel);
	}
	for (let count = 0; count < size * RETENTION.size; count++) await append();
	if (delivered === 0) throw new Error('nothing was delivered');
	return {
		append,
		join: async () => (await join(next())).disconnected(true),
		resume: async () => {
			const channel = next();
			// The client missed the newest message.
			const [newest] = (await log.last(channel.key, 1)).entries;
			const member = await join(channel, { since: newest?.previous });
			while (!member.isLive) await undefined;
			member.disconnected(true);
		},
		use: (count) => {
			used = count;
		},
	};
}

/** The nanoseconds of a turn: the best of several alternating rounds, to exclude other load. */
async function nanoseconds(one: Turn, other: Turn, { turns, rounds }: Effort): Promise<number[]> {
	const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
	for (let round = 0; round < rounds; round++) {
		for (const [index, turn] of [one, other].entries()) {
			globalThis.gc?.({ type: 'minor' });
			const start = process.hrtime.bigint();
			for (let count = 0; count < turns; count++) await turn();
			const spent = Number(process.hrtime.bigint() - start) / turns;
			best[index] = Math.min(best[index] ?? spent, spent);
		}
	}
	return best;
}

/** What it costs to append, to join and to resume in one of many channels, compared with few. */
export async function costsOfMany(effort: Effort): Promise<readonly Cost[]> {
	const { few: small, many: large } = effort;
	const [few, many] = [await filled(small), await filled(large)];
	const costs: Cost[] = [];
	// Channels that were used a moment ago are in the processor's caches, whatever their number. Those
	// that were not used for long cost the time of the memory as well.
	for (const used of [small, large]) {
		many.use(used);
		const which = used === large ? 'each' : String(used);
		for (const what of ['append', 'join', 'resume'] as const) {
			const [cheap = 0, dear = 0] = await nanoseconds(few[what], many[what], effort);
			const where = `in ${which} of ${large.toLocaleString('en')} channels`;
			costs.push({ what: `${what} ${where}, of one in ${small}`, ratio: dear / cheap });
		}
	}
	return costs;
}

if (import.meta.main) {
	const costs = await costsOfMany({ few: 10, many: 100_000, turns: 2000, rounds: 25 });
	for (const { what, ratio } of costs) console.log(`${ratio} ${what}`);
}
