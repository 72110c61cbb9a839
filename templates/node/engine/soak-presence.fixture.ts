import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { seededRandom } from '../../realtime/channel/channel.fixture.ts';
import { Presence } from '../../realtime/channel/members/presence.ts';
import {
	type EngineProcess,
	member,
	newPrefix,
	only,
	type Stage,
	until,
} from './engine.fixture.ts';
import { TcpProxy } from './tcp-proxy.fixture.ts';

const CHANNEL = 'lobby';
const ROUNDS = 4;
const STEPS = 60;

export interface PresenceSoakStage {
	readonly test: Stage['test'];
	/** The address of the server. */
	readonly url: string | undefined;
	/** Makes a process with the address of its server, as host and port. */
	readonly process: (prefix: string, address: string) => EngineProcess;
}

/** A process, its way to the server, and what its clients are shown. */
interface Side {
	readonly process: EngineProcess;
	readonly way: TcpProxy;
	readonly shown: Presence;
}

/** Where a member is, and with which data. */
interface Place {
	readonly side: Side;
	readonly data: number;
}

/** Who is present in the end, whatever members and links did before. */
export function presenceSoakCases(stage: PresenceSoakStage): void {
	for (const seed of [1, 2]) {
		stage.test(`shows who is present, with the seed ${seed}`, async (context) => {
			const prefix = newPrefix();
			const sides: Side[] = [];
			for (let index = 0; index < 3; index++) sides.push(await start(stage, context, prefix));
			const random = seededRandom(seed);
			const run = new Run(sides, (below) => Math.floor(random() * below));
			for (let round = 0; round < ROUNDS; round++) {
				for (let step = 0; step < STEPS; step++) await run.step();
				await run.check();
			}
		});
	}
}

async function start(
	{ url = '', process: make }: PresenceSoakStage,
	context: TestContext,
	prefix: string,
): Promise<Side> {
	const { hostname, port } = new URL(url);
	const way = await TcpProxy.start(context, Number(port), hostname);
	const process = make(prefix, way.address);
	context.after(() => process.engine.close());
	await process.engine.start();
	const { engine, host } = process;
	const shown = new Presence({
		key: CHANNEL,
		ports: { log: engine.log, roster: engine.roster, host, feed: engine.feed },
		number: 1,
		of: () => 'connection',
		tell: () => {},
	});
	await engine.roster.watch(CHANNEL, shown);
	await shown.open();
	return { process, way, shown };
}

class Run {
	readonly #sides: readonly Side[];
	/** A whole number below another one. */
	readonly #pick: (below: number) => number;
	readonly #places = new Map<string, Place>();
	/** The newest entry of each member, settled when it is answered. */
	readonly #entered = new Map<string, Promise<void>>();
	#data = 0;

	constructor(sides: readonly Side[], pick: (below: number) => number) {
		this.#sides = sides;
		this.#pick = pick;
	}

	async step(): Promise<void> {
		const id = `member ${this.#pick(8)}`;
		const side = only(this.#sides, this.#pick(this.#sides.length));
		const choice = this.#pick(100);
		if (choice < 45) await this.#enter(id, side);
		else if (choice < 75) this.#leave(id);
		else if (choice < 80) side.way.cut();
		else if (choice < 83) side.way.close();
		else if (choice < 90) for (const { way } of this.#sides) way.open();
		else await this.#sides[0]?.process.engine.roster.present(CHANNEL).catch(() => {});
	}

	/** Ends all faults, and waits until the server and all processes have who is present. */
	async check(): Promise<void> {
		for (const { way } of this.#sides) way.open();
		await until('all are up', () =>
			this.#sides.every(({ process }) => process.engine.status.state === 'up'),
		);
		const expected = [...this.#places].map(([id, { data }]) => `${id}: ${data}`);
		for (const { process, shown } of this.#sides) {
			const read = async (): Promise<unknown> =>
				namesOf((await process.engine.roster.present(CHANNEL)).map(({ member }) => member));
			const see = async (): Promise<unknown> =>
				namesOf(JSON.parse(String(shown.state().content))[2]);
			for (const names of [read, see]) {
				let last: unknown;
				await until('presence is right', async () => {
					last = await names().catch(String);
					return String(last) === String(expected.sort());
				}).catch(() => assert.deepEqual(last, expected.sort()));
			}
		}
	}

	/** Members update their data, come, and move. One that moves enters before it departs. */
	async #enter(id: string, side: Side): Promise<void> {
		const before = this.#places.get(id);
		const isMoving = before !== undefined && before.side !== side;
		// Its client comes to another process once it has joined the first one.
		if (isMoving) {
			await this.#entered.get(id);
			void before.side.process.engine.roster.depart(CHANNEL, id, 100 + this.#pick(600));
		}
		const place = { side, data: ++this.#data };
		this.#places.set(id, place);
		const entered = side.process.engine.roster.enter(CHANNEL, member(id, place.data)).catch(() => {
			if (this.#places.get(id) === place) this.#leave(id);
		});
		this.#entered.set(id, entered);
		if (this.#pick(3) > 0) await entered;
	}

	#leave(id: string): void {
		const place = this.#places.get(id);
		this.#places.delete(id);
		void place?.side.process.engine.roster.depart(CHANNEL, id, 0);
	}
}

function namesOf(members: readonly { readonly id: string; readonly data: unknown }[]): string[] {
	return members.map(({ id, data }) => `${id}: ${data}`).sort();
}
