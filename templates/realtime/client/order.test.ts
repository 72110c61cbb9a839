import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FakeSocket, type Harness, harness, settled } from './client.fixture.ts';
import type { Handle } from './client.ts';
import { at, ToyServer } from './toy-server.fixture.ts';

describe('positions of handles', () => {
	it('take nothing twice and miss nothing, whatever the order of joins, drops and messages', async () => {
		for (let seed = 1; seed <= 60; seed++) await randomRun(seed);
	});
});

interface Watched {
	readonly handle: Handle;
	readonly numbers: number[];
	/** The number of the first message that is due. */
	first: number | undefined;
}

async function randomRun(seed: number): Promise<void> {
	const random = mulberry(seed);
	const below = (count: number): number => Math.floor(random() * count);
	const test: Harness = harness();
	const server = new ToyServer();
	const channel = test.client.channels.rooms?.({ room: 'lobby' });
	assert.ok(channel);
	const watched: Watched[] = [];
	const accepted = new Set<FakeSocket>();
	const isUp = (socket: FakeSocket | undefined): socket is FakeSocket =>
		socket !== undefined && socket.readyState === 1;
	for (let step = 0; step < 120; step++) {
		const socket = test.sockets.at(-1);
		switch (below(9)) {
			case 0:
			case 1:
				server.publish();
				break;
			case 2:
			case 3:
				if (isUp(socket)) server.flush(socket, 1 + below(4));
				break;
			case 4: {
				if (watched.length > 6) break;
				const kind = below(4);
				const count = below(server.log.length + 1);
				const numbers: number[] = [];
				const entry: Watched = {
					numbers,
					first: kind === 0 ? undefined : count,
					handle: channel.join({
						...(kind !== 0 && { since: at(count) }),
						onGap: ({ position }) => {
							const next = numbers.length > 0 ? (numbers.at(-1) ?? 0) + 1 : entry.first;
							const gap = Number(position.split('.')[1]);
							// What is told as a gap counts as if it was taken.
							for (let number = next ?? gap; number < gap; number++) numbers.push(number);
						},
					}),
				};
				entry.handle.on('said', (data) => numbers.push(data as number));
				watched.push(entry);
				break;
			}
			case 5:
				if (watched.length > 1 && below(3) === 0)
					watched.splice(below(watched.length), 1)[0]?.handle.leave();
				break;
			case 6:
				if (isUp(socket) && below(4) === 0) server.drop(socket);
				break;
			case 7:
				if (below(6) === 0) server.trimmed = Math.max(server.trimmed, server.log.length - 8);
				break;
			default:
				await test.clock.advance(below(1500));
		}
		await settled();
		const newest = test.sockets.at(-1);
		if (newest !== undefined && newest.readyState === 0 && !accepted.has(newest)) {
			accepted.add(newest);
			server.accept(newest);
		}
	}
	// Everything comes to rest.
	for (let turn = 0; turn < 40; turn++) {
		const newest = test.sockets.at(-1);
		if (newest?.readyState === 0 && !accepted.has(newest)) {
			accepted.add(newest);
			server.accept(newest);
		}
		if (isUp(newest)) server.flush(newest);
		await test.clock.advance(2_000);
	}
	for (const entry of watched) {
		const { handle, numbers, first } = entry;
		const from = first ?? numbers[0] ?? server.log.length;
		const expected = Array.from({ length: server.log.length - from }, (_, index) => from + index);
		assert.deepEqual(numbers, expected, `seed ${seed}, since ${first}`);
		assert.equal(handle.position, server.head, `seed ${seed}: the position`);
	}
	test.client.close();
}

/** Numbers from 0 to 1 from a seed. */
function mulberry(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
	};
}
