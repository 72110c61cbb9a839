/** Compares the registry with a simple reference over random histories. */

import assert from 'node:assert/strict';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import type { Entry } from './connections/entry.ts';
import { type FakeConnection, opened, stream } from './registry.fixture.ts';
import { Registry } from './registry.ts';

const HISTORIES = 60;
const STEPS = 400;
const MAX_CONNECTIONS = 12;
const MAX_PER_CLIENT = 4;
const TAGS = ['a', 'b', 'c'];
const CLIENTS = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'];
const SITES = [{}, {}];

/** A connection in the reference. */
interface Known {
	readonly entry: Entry;
	readonly stream: Duplex;
	readonly site: object;
	client: string | undefined;
	connection: FakeConnection | undefined;
	tags: Set<string>;
}

/** A pseudorandom sequence (Marsaglia's xorshift32). */
function random(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) % below;
	};
}

class History {
	readonly registry = new Registry();
	readonly known: Known[] = [];
	readonly events: string[] = [];
	readonly expected: string[] = [];
	accepted = 0;
	closed = 0;
	readonly #random: (below: number) => number;

	constructor(seed: number) {
		this.#random = random(seed);
		this.registry.events.on('connection:added', ({ id }) => this.events.push(`added ${id}`));
		this.registry.events.on('connection:removed', ({ connection, code }) =>
			this.events.push(`removed ${connection.id} ${code}`),
		);
	}

	step(): void {
		const steps = [
			() => this.enter(),
			() => this.enter(),
			() => this.open(),
			() => this.open(),
			() => this.abort(),
			() => this.end(),
			() => this.addTag(),
			() => this.removeTag(),
			() => this.enterAgain(),
		];
		this.pick(steps)?.();
		this.compare();
	}

	enter(): void {
		const wire = stream();
		const site = this.pick(SITES) ?? {};
		const entry = this.registry.enter(site, wire, MAX_CONNECTIONS);
		assert.equal(entry === undefined, this.known.length >= MAX_CONNECTIONS);
		if (entry === undefined) return;
		const client = this.pick(CLIENTS) ?? '';
		entry.address = client;
		const ofClient = this.known.filter((known) => known.client === client).length;
		const isCounted = this.registry.count(client, entry, MAX_PER_CLIENT);
		assert.equal(isCounted, ofClient < MAX_PER_CLIENT);
		this.known.push({
			entry,
			stream: wire,
			site,
			client: isCounted ? client : undefined,
			connection: undefined,
			tags: new Set(),
		});
	}

	/** A socket in the registry does not get a second entry. */
	enterAgain(): void {
		const known = this.pick(this.known);
		if (known === undefined) return;
		assert.equal(this.registry.enter(known.site, known.stream, MAX_CONNECTIONS), known.entry);
		if (known.client !== undefined) assert.ok(this.registry.count('another', known.entry, 1));
	}

	open(): void {
		const opening = this.known.filter(({ connection }) => connection === undefined);
		const known = this.pick(opening);
		if (known === undefined) return;
		const tags = TAGS.filter(() => this.#random(2) === 0);
		const handshake = opened({}, { tags });
		known.entry.opened(handshake);
		known.connection = handshake.connection as FakeConnection;
		known.tags = new Set(tags);
		this.accepted++;
		this.expected.push(`added ${known.entry.id}`);
	}

	/** Closes the socket of a pending handshake. */
	abort(): void {
		const known = this.pick(this.known.filter(({ connection }) => connection === undefined));
		if (known === undefined) return;
		this.leave(known);
	}

	end(): void {
		const known = this.pick(this.known.filter(({ connection }) => connection !== undefined));
		if (known === undefined) return;
		const code = 1000 + this.#random(3);
		const isReportedLate = this.#random(2) === 0;
		if (isReportedLate) this.leave(known);
		known.connection?.observer?.onEnded(code, '');
		if (!isReportedLate) this.leave(known);
		// A repeated event is not counted twice.
		known.connection?.observer?.onEnded(code, '');
		this.closed++;
		this.expected.push(`removed ${known.entry.id} ${code}`);
	}

	leave(known: Known): void {
		known.stream.emit('close');
		known.stream.emit('close');
		this.known.splice(this.known.indexOf(known), 1);
	}

	addTag(): void {
		const known = this.pick(this.known.filter(({ connection }) => connection !== undefined));
		const tag = this.pick(TAGS);
		if (known === undefined || tag === undefined) return;
		const entry = this.registry.find(known.entry.id);
		assert.ok(entry !== undefined);
		this.registry.addTag(entry, tag);
		known.tags.add(tag);
	}

	removeTag(): void {
		const known = this.pick(this.known.filter(({ connection }) => connection !== undefined));
		const tag = this.pick(TAGS);
		if (known === undefined || tag === undefined) return;
		const entry = this.registry.find(known.entry.id);
		assert.ok(entry !== undefined);
		this.registry.removeTag(entry, tag);
		known.tags.delete(tag);
	}

	compare(): void {
		const { registry, known } = this;
		const open = known.filter(({ connection }) => connection !== undefined);
		const ids = (entries: Iterable<Entry>): string[] => Array.from(entries, ({ id }) => id).sort();
		assert.equal(registry.size, known.length);
		assert.equal(registry.open, open.length);
		assert.deepEqual(ids(registry.all()), ids(open.map(({ entry }) => entry)));
		for (const tag of TAGS) {
			const tagged = open.filter(({ tags }) => tags.has(tag)).map(({ entry }) => entry);
			assert.deepEqual(ids(registry.tagged(tag)), ids(tagged));
			assert.equal(registry.countTagged(tag), tagged.length);
		}
		const clients = new Set(known.flatMap(({ client }) => client ?? []));
		assert.equal(registry.clients, clients.size);
		for (const client of CLIENTS) {
			const ofClient = open.filter((each) => each.client === client).map(({ entry }) => entry);
			assert.deepEqual(ids(registry.ofClient(client)), ids(ofClient));
		}
		const { accepted, closed } = registry.metrics.totals(registry.all());
		assert.deepEqual([accepted, closed], [this.accepted, this.closed]);
		assert.deepEqual(this.events, this.expected);
	}

	pick<Item>(items: readonly Item[]): Item | undefined {
		return items[this.#random(Math.max(1, items.length))];
	}
}

for (let seed = 1; seed <= HISTORIES; seed++) {
	test(`the registry agrees with the reference, history ${seed}`, () => {
		const history = new History(seed * 2_654_435);
		for (let step = 0; step < STEPS; step++) history.step();
		while (history.known.length > 0) {
			history.abort();
			history.end();
			history.compare();
		}
		assert.deepEqual([history.registry.size, history.registry.clients], [0, 0]);
	});
}
