// What realtime channels cost when there are many. Each line is a ratio, and what it is of. The
// argument is the folder `templates/realtime`.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const load = (module) => import(pathToFileURL(join(process.argv[2], module)).href);
const { Channel } = await load('channel/channel.ts');
const { rulesOf } = await load('channel/channel.fixture.ts');
const { MemoryLog } = await load('memory/memory-log.ts');
const { MemoryRoster } = await load('memory/memory-roster.ts');

const FEW = 10;
const MANY = 100_000;
const TURNS = 2000;
const ROUNDS = 25;
// All channels are full, so that each message takes the place of another one.
const RETENTION = { size: 2, ttl: 300 };
const MESSAGE = { name: 'said', data: '{"text":"hello"}' };

/** A process with this number of channels, each with a member and some messages. */
async function filled(size) {
	let numbers = 0;
	const random = (length) => String(numbers++).padStart(length, '0');
	const host = {
		now: () => 0,
		random,
		secret: () => random(22),
		alarm: () => () => {},
		broadcast(links, frame) {
			for (const link of links) link.send(frame);
		},
		waitUntil() {},
		report(message, error) {
			throw new Error(message, { cause: error });
		},
	};
	const log = new MemoryLog(host);
	const roster = new MemoryRoster(host);
	const ports = { log, roster, host };
	const rules = rulesOf(async () => undefined, { retention: RETENTION });
	const channels = [];
	let delivered = 0;
	const session = await roster.openSession(undefined);
	const join = async (channel, options = {}) => {
		const link = {
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
	const append = (key) => log.append(key, { ...MESSAGE, at: host.now() }, RETENTION);
	for (let index = 0; index < size; index++) {
		const key = `rooms ${index}`;
		const channel = new Channel({ key, number: index, rules: () => rules, ports, onIdle() {} });
		channels.push({ key, channel });
		await join(channel);
	}
	for (let index = 0; index < size; index++) {
		const one = channels[index];
		await append(one.key);
		await append(one.key);
	}
	let turn = 0;
	let used = size;
	// Not one after the other: the next channel would be near in memory.
	const next = () => channels[((turn++ % used) * 7919) % size];
	return {
		append: () => append(next().key),
		join: async () => (await join(next().channel)).disconnected(true),
		resume: async () => {
			const { key, channel } = next();
			// The client missed the newest message.
			const { entries } = await log.last(key, 1);
			const member = await join(channel, { since: entries[0].previous });
			while (!member.isLive) await undefined;
			member.disconnected(true);
		},
		/** Uses this number of the channels. */
		use(count) {
			used = count;
		},
		delivered: () => delivered,
	};
}

/** The nanoseconds of a turn: the best of several alternating rounds, to exclude other load. */
async function costs(...all) {
	const best = all.map(() => Number.POSITIVE_INFINITY);
	for (let round = 0; round < ROUNDS; round++) {
		for (const [index, turn] of all.entries()) {
			globalThis.gc?.({ type: 'minor' });
			const start = process.hrtime.bigint();
			for (let count = 0; count < TURNS; count++) await turn();
			best[index] = Math.min(best[index], Number(process.hrtime.bigint() - start) / TURNS);
		}
	}
	return best;
}

const [few, many] = [await filled(FEW), await filled(MANY)];
// Channels that were used a moment ago are in the processor's caches, whatever their number. Those
// that were not used for long cost the time of the memory as well.
for (const [used, which] of [
	[FEW, 'in 10 of 100,000 channels'],
	[MANY, 'in each of 100,000 channels'],
]) {
	many.use(used);
	for (const what of ['append', 'join', 'resume']) {
		const [cheap, dear] = await costs(few[what], many[what]);
		console.log(`${dear / cheap} ${what} ${which}, of one in 10`);
	}
}
if (few.delivered() === 0 || many.delivered() === 0) throw new Error('nothing was delivered');
