// What the registry of connections costs as it fills: each line is a ratio, and what it is of. It
// is run in a site's folder, and takes the modules as they are in the package.
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(join(process.cwd(), 'package.json'));
const modules = dirname(require.resolve('zastro-websockets-node/connection-manager'));
const { Registry } = await import(join(modules, 'registry.js'));

const FEW = 1000;
const MANY = 100_000;
const TURNS = 20_000;
const ROUNDS = 15;
const CLIENTS = 5000;

let clients = 0;

/** A connection in the registry, with tags. */
function add(registry, tags) {
	const stream = new EventEmitter();
	const entry = registry.enter(registry, stream, Number.POSITIVE_INFINITY);
	registry.count(`client ${clients++ % CLIENTS}`, entry, Number.POSITIVE_INFINITY);
	const connection = { received: 0, sent: 0, activeAt: 0, isPaused: false, close() {}, ping() {} };
	entry.opened({ connection, socket: {}, tags, data: undefined });
	return () => {
		entry.onEnded(1000, '');
		stream.emit('close');
	};
}

function filled(size) {
	const registry = new Registry();
	for (let index = 0; index < size; index++) {
		add(registry, index % (size / 100) === 0 ? ['hundred', 'all'] : ['all']);
	}
	for (let index = 0; index < FEW; index++) add(registry, ['thousand']);
	return registry;
}

/**
 * The nanoseconds of one turn of each function: the best of several alternating rounds, to exclude
 * other load.
 */
function costs(turns, ...all) {
	const best = all.map(() => Number.POSITIVE_INFINITY);
	for (let round = 0; round < ROUNDS; round++) {
		for (const [index, turn] of all.entries()) {
			globalThis.gc?.({ type: 'minor' });
			const start = process.hrtime.bigint();
			for (let count = 0; count < turns; count++) turn();
			best[index] = Math.min(best[index], Number(process.hrtime.bigint() - start) / turns);
		}
	}
	return best;
}

const [few, many] = [filled(FEW), filled(MANY)];
const adding = (registry) => () => add(registry, ['all', 'turn'])();
const asking = (registry, tag) => () => registry.tagged(tag);
const adds = costs(TURNS, adding(few), adding(many));
const queries = costs(
	2000,
	asking(few, 'hundred'),
	asking(many, 'hundred'),
	asking(many, 'thousand'),
);

const print = (ratio, what) => console.log(`${ratio.toFixed(3)} ${what}`);
print(adds[1] / adds[0], 'adding and removing, among 100,000 and among 1,000');
print(queries[1] / queries[0], 'the 100 with a tag, among 100,000 and among 1,000');
print(queries[2] / queries[1] / 10, '1,000 with a tag and 100, each of them');
process.exit();
