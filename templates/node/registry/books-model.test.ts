/** The books against a reference that is too simple to be wrong, over random histories. */

import assert from 'node:assert/strict';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import { type FakeConnection, opened, stream } from './books.fixture.ts';
import { Connections } from './connections.ts';
import type { Slot } from './slot.ts';

const HISTORIES = 60;
const STEPS = 400;
const MOST = 12;
const MOST_OF_CLIENT = 4;
const TAGS = ['a', 'b', 'c'];
const CLIENTS = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'];
const SITES = [{}, {}];

/** A connection as the reference knows it. */
interface Known {
	readonly slot: Slot;
	readonly stream: Duplex;
	readonly site: object;
	client: string | undefined;
	connection: FakeConnection | undefined;
	tags: Set<string>;
}

/** Numbers that are the same for the same seed (Marsaglia's xorshift32). */
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
	readonly books = new Connections();
	readonly known: Known[] = [];
	readonly told: string[] = [];
	readonly expected: string[] = [];
	accepted = 0;
	closed = 0;
	readonly #random: (below: number) => number;

	constructor(seed: number) {
		this.#random = random(seed);
		this.books.events.on('connection:added', ({ id }) => this.told.push(`added ${id}`));
		this.books.events.on('connection:removed', ({ connection, code }) =>
			this.told.push(`removed ${connection.id} ${code}`),
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
		const slot = this.books.enter(site, wire, MOST);
		assert.equal(slot === undefined, this.known.length >= MOST);
		if (slot === undefined) return;
		const client = this.pick(CLIENTS) ?? '';
		slot.address = client;
		const ofClient = this.known.filter((known) => known.client === client).length;
		const isCounted = this.books.count(client, slot, MOST_OF_CLIENT);
		assert.equal(isCounted, ofClient < MOST_OF_CLIENT);
		this.known.push({
			slot,
			stream: wire,
			site,
			client: isCounted ? client : undefined,
			connection: undefined,
			tags: new Set(),
		});
	}

	/** A socket that is in the books does not get a second place. */
	enterAgain(): void {
		const known = this.pick(this.known);
		if (known === undefined) return;
		assert.equal(this.books.enter(known.site, known.stream, MOST), known.slot);
		if (known.client !== undefined) assert.ok(this.books.count('another', known.slot, 1));
	}

	open(): void {
		const opening = this.known.filter(({ connection }) => connection === undefined);
		const known = this.pick(opening);
		if (known === undefined) return;
		const tags = TAGS.filter(() => this.#random(2) === 0);
		const handshake = opened({}, { tags });
		known.slot.opened(handshake);
		known.connection = handshake.connection as FakeConnection;
		known.tags = new Set(tags);
		this.accepted++;
		this.expected.push(`added ${known.slot.id}`);
	}

	/** The socket of one that is opening is closed; of one that is open it may be told first. */
	abort(): void {
		const known = this.pick(this.known.filter(({ connection }) => connection === undefined));
		if (known === undefined) return;
		this.leave(known);
	}

	end(): void {
		const known = this.pick(this.known.filter(({ connection }) => connection !== undefined));
		if (known === undefined) return;
		const code = 1000 + this.#random(3);
		const isToldLate = this.#random(2) === 0;
		if (isToldLate) this.leave(known);
		known.connection?.observer?.onEnded(code, '');
		if (!isToldLate) this.leave(known);
		// Nothing is counted twice, however often it is told.
		known.connection?.observer?.onEnded(code, '');
		this.closed++;
		this.expected.push(`removed ${known.slot.id} ${code}`);
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
		const slot = this.books.find(known.slot.id);
		assert.ok(slot !== undefined);
		this.books.addTag(slot, tag);
		known.tags.add(tag);
	}

	removeTag(): void {
		const known = this.pick(this.known.filter(({ connection }) => connection !== undefined));
		const tag = this.pick(TAGS);
		if (known === undefined || tag === undefined) return;
		const slot = this.books.find(known.slot.id);
		assert.ok(slot !== undefined);
		this.books.removeTag(slot, tag);
		known.tags.delete(tag);
	}

	compare(): void {
		const { books, known } = this;
		const open = known.filter(({ connection }) => connection !== undefined);
		const ids = (slots: Iterable<Slot>): string[] => Array.from(slots, ({ id }) => id).sort();
		assert.equal(books.size, known.length);
		assert.equal(books.open, open.length);
		assert.deepEqual(ids(books.all()), ids(open.map(({ slot }) => slot)));
		for (const tag of TAGS) {
			const tagged = open.filter(({ tags }) => tags.has(tag)).map(({ slot }) => slot);
			assert.deepEqual(ids(books.tagged(tag)), ids(tagged));
			assert.equal(books.countTagged(tag), tagged.length);
		}
		const clients = new Set(known.flatMap(({ client }) => client ?? []));
		assert.equal(books.clients, clients.size);
		for (const client of CLIENTS) {
			const ofClient = open.filter((each) => each.client === client).map(({ slot }) => slot);
			assert.deepEqual(ids(books.ofClient(client)), ids(ofClient));
		}
		const { accepted, closed } = books.metrics.totals(books.all());
		assert.deepEqual([accepted, closed], [this.accepted, this.closed]);
		assert.deepEqual(this.told, this.expected);
	}

	pick<Item>(items: readonly Item[]): Item | undefined {
		return items[this.#random(Math.max(1, items.length))];
	}
}

for (let seed = 1; seed <= HISTORIES; seed++) {
	test(`the books agree with the reference, history ${seed}`, () => {
		const history = new History(seed * 2_654_435);
		for (let step = 0; step < STEPS; step++) history.step();
		while (history.known.length > 0) {
			history.abort();
			history.end();
			history.compare();
		}
		assert.deepEqual([history.books.size, history.books.clients], [0, 0]);
	});
}
