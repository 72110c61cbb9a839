import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Request } from './child.fixture.ts';
import {
	type EngineProcess,
	member,
	newPrefix,
	only,
	type Stage,
	until,
	Watcher,
} from './engine.fixture.ts';

/** Milliseconds within which the members of a dead process are gone. */
const GONE = 30_000;

/** Another process, which can be killed. */
class Child {
	readonly #process: ChildProcess;

	constructor(context: TestContext, file: URL, prefix: string) {
		this.#process = fork(fileURLToPath(file), [prefix]);
		context.after(() => {
			this.#process.kill('SIGKILL');
		});
	}

	async ready(): Promise<this> {
		await once(this.#process, 'message');
		return this;
	}

	async ask(request: Request): Promise<unknown> {
		this.#process.send(request);
		const [answer] = await once(this.#process, 'message');
		return answer;
	}

	signal(signal: NodeJS.Signals): void {
		this.#process.kill(signal);
	}
}

export interface ProcessStage {
	readonly test: Stage['test'];
	readonly processes: (
		context: TestContext,
		count: number,
		init: { readonly prefix: string },
	) => Promise<readonly EngineProcess[]>;
	/** The program of another process, which gets the prefix as its argument. */
	readonly child: URL;
}

/** What every engine of several processes does when one of them is stopped or killed. */
export function processCases({ test, processes, child: file }: ProcessStage): void {
	/** Two processes of the test, and one that can be killed. */
	const stage = async (
		context: TestContext,
	): Promise<readonly [Child, EngineProcess, EngineProcess]> => {
		const prefix = newPrefix();
		const all = await processes(context, 2, { prefix });
		return [await new Child(context, file, prefix).ready(), only(all), only(all, 1)];
	};

	test('the members of a killed process leave once, after the time to come back', async (context) => {
		const [child, one, two] = await stage(context);
		const watchers = [new Watcher(), new Watcher()];
		await one.engine.roster.watch('lobby', watchers[0] ?? new Watcher());
		await two.engine.roster.watch('lobby', watchers[1] ?? new Watcher());
		for (const id of ['gone', 'back']) await child.ask({ enter: id, channel: 'lobby' });
		await child.ask({ enter: 'alone', channel: 'hall' });
		await child.ask({ online: 'ada' });
		await child.ask({ online: 'grace' });
		await one.users.enter('grace', 'other');
		child.signal('SIGKILL');
		const start = performance.now();
		await new Promise((resolve) => setTimeout(resolve, 5000));
		await one.engine.roster.enter('lobby', member('back', 2));
		const [first] = watchers;
		await until('it left', () => first?.changes.includes('gone left') === true, GONE);
		const passed = performance.now() - start;
		assert.ok(passed > 15_000 && passed < 25_000, `after ${passed} ms`);
		await until('everything is gone', async () => !(await two.users.isOnline('ada')), GONE);
		await until(
			'nobody is there',
			async () => {
				return (await two.engine.roster.present('hall')).length === 0;
			},
			GONE,
		);
		// Longer than others would try again.
		await new Promise((resolve) => setTimeout(resolve, 7000));
		for (const { changes } of watchers) {
			assert.deepEqual(
				changes.filter((change) => change.endsWith('left')),
				['gone left'],
			);
		}
		assert.deepEqual([...one.told, ...two.told], ['ada went']);
		assert.equal(await two.users.isOnline('grace'), true);
		assert.deepEqual(
			(await two.engine.roster.present('lobby')).map(({ id }) => id),
			['back'],
		);
	});

	test('a process that was stopped for longer than its lease comes back', async (context) => {
		const [child, one, two] = await stage(context);
		const watcher = new Watcher();
		await one.engine.roster.watch('lobby', watcher);
		await child.ask({ enter: 'a', channel: 'lobby' });
		await child.ask({ online: 'ada' });
		await child.ask({ online: 'grace' });
		child.signal('SIGSTOP');
		await until('it left', () => watcher.changes.includes('a left'), GONE);
		await until('she went', () => [...one.told, ...two.told].length === 2, GONE);
		// One of them comes back elsewhere.
		await one.users.enter('grace', 'other');
		child.signal('SIGCONT');
		await until('it is back', () => watcher.changes.length === 3, GONE);
		assert.deepEqual(watcher.changes, ['a 1', 'a left', 'a 1']);
		await until(
			'she is online',
			async () => {
				const told = (await child.ask({ told: true })) as string[];
				return told.length === 3;
			},
			GONE,
		);
		assert.deepEqual(await child.ask({ told: true }), ['ada came', 'grace came', 'ada came']);
		assert.deepEqual([...one.told, ...two.told].sort(), ['ada went', 'grace came', 'grace went']);
	});

	test('a process that was stopped for a moment loses nothing', async (context) => {
		const [child, one] = await stage(context);
		const watcher = new Watcher();
		await one.engine.roster.watch('lobby', watcher);
		await child.ask({ enter: 'a', channel: 'lobby' });
		child.signal('SIGSTOP');
		await new Promise((resolve) => setTimeout(resolve, 8000));
		child.signal('SIGCONT');
		await new Promise((resolve) => setTimeout(resolve, 4000));
		assert.deepEqual(watcher.changes, ['a 1']);
	});

	test('the message of a killed process is uncertain, and never runs twice', async (context) => {
		const [child, one] = await stage(context);
		const session = await one.engine.roster.openSession('ada');
		await child.ask({ resume: session.secret, user: 'ada' });
		assert.equal(await child.ask({ claim: 1, secret: session.secret }), 'claimed');
		child.signal('SIGKILL');
		assert.deepEqual(await one.engine.roster.resumeSession(session.secret, 'ada'), session);
		const start = performance.now();
		const claim = await one.engine.roster.claim(session.secret, 1);
		assert.equal(claim.state, 'running');
		assert.equal(claim.state === 'running' && (await claim.outcome), undefined);
		assert.ok(performance.now() - start < 15_000);
		assert.equal((await one.engine.roster.claim(session.secret, 1)).state, 'running');
		assert.equal((await one.engine.roster.claim(session.secret, 2)).state, 'claimed');
	});

	test('a session that moves to another process is told to the first', async (context) => {
		const [, one, two] = await stage(context);
		const taken: string[] = [];
		one.engine.roster.watchTakeovers?.((secret) => taken.push(`one ${secret}`));
		two.engine.roster.watchTakeovers?.((secret) => taken.push(`two ${secret}`));
		const { secret } = await one.engine.roster.openSession('ada');
		await one.engine.roster.resumeSession(secret, 'ada');
		await two.engine.roster.resumeSession(secret, 'ada');
		await until('it was told', () => taken.length === 1);
		await one.engine.roster.resumeSession(secret, 'ada');
		await until('it was told', () => taken.length === 2);
		assert.deepEqual(taken, [`one ${secret}`, `two ${secret}`]);
	});
}
