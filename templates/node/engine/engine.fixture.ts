/** Processes of a site on a real server, and what they were told. */

import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type {
	Cast,
	Entry,
	Host,
	Link,
	LogWatcher,
	PresenceEntry,
	RosterWatcher,
} from '../../realtime/channel/ports.ts';
import type { Data, Frame } from '../../realtime/protocol/server-frames.ts';
import type { Engine } from '../../realtime/user/engine.ts';
import type { UserEngine } from '../../realtime/user/user-engine.ts';

/** A host with the clock of the machine. */
export class RealHost implements Host {
	readonly reports: string[] = [];
	now(): number {
		return Date.now();
	}

	random(length: number): string {
		let text = '';
		while (text.length < length) text += Math.random().toString(36).slice(2);
		return text.slice(0, length);
	}

	secret(): string {
		return randomBytes(16).toString('base64url');
	}

	alarm(milliseconds: number, callback: () => void): () => void {
		// An engine keeps no process running.
		const timer = setTimeout(callback, milliseconds).unref();
		return () => clearTimeout(timer);
	}

	wakeAfter(milliseconds: number, callback: () => void): () => void {
		return this.alarm(milliseconds, callback);
	}

	broadcast(links: Iterable<Link>, frame: Frame): void {
		for (const link of links) link.send(frame);
	}

	waitUntil(work: Promise<unknown>): void {
		work.catch((error: unknown) => this.report('work failed', error));
	}

	report(message: string, error?: unknown): void {
		this.reports.push(error === undefined ? message : `${message}: ${error}`);
	}
}

/** What an engine gets of its process. */
export interface ProcessServices {
	readonly host: Host;
	readonly log: (message: string) => void;
}

/** A process of a site: an engine, and what it was told. */
export class EngineProcess<Kind extends Engine = Engine> {
	readonly host: RealHost = new RealHost();
	readonly logs: string[] = [];
	readonly engine: Kind;
	readonly users: UserEngine;
	/** Who came and went, and what was sent to users. */
	readonly told: string[] = [];

	constructor(create: (services: ProcessServices) => Kind) {
		this.engine = create({ host: this.host, log: (message) => this.logs.push(message) });
		this.users = this.engine.users({
			online: (userId) => this.told.push(`${userId} came`),
			offline: (userId) => this.told.push(`${userId} went`),
			message: (userId, data) => this.told.push(`${userId}: ${String(data)}`),
		});
	}
}

/** How the cases of all engines get their processes. */
export interface Stage {
	/** A test that needs the server. It is skipped where there is none. */
	readonly test: (name: string, run: (context: TestContext) => Promise<void>) => void;
	/** Starts processes of one site. They end with the test. */
	readonly processes: (context: TestContext, count: number) => Promise<readonly EngineProcess[]>;
}

/** A test that needs a server, or a program that is one. It is skipped without the variable for it. */
export function testWith(needed: string | undefined, variable: string): Stage['test'] {
	const skip = needed === undefined && `${variable} is not set`;
	return (name, run) => {
		void test(name, { skip }, run);
	};
}

/** A prefix that no other test has. */
export function newPrefix(): string {
	return `test-${randomBytes(6).toString('hex')}`;
}

/** The value at an index. */
export function only<Value>(values: readonly Value[], index = 0): Value {
	const value = values[index];
	if (value === undefined) throw new Error('There is no such value.');
	return value;
}

/** What a watcher of a channel got. */
export class Watcher implements LogWatcher, RosterWatcher {
	readonly entries: Entry[] = [];
	readonly casts: Cast[] = [];
	readonly present: Map<string, PresenceEntry> = new Map();
	/** Comings and goings, in order. */
	readonly changes: string[] = [];
	interruptions = 0;

	entry(entry: Entry): void {
		this.entries.push(entry);
	}

	cast(cast: Cast): void {
		this.casts.push(cast);
	}

	interrupted(): void {
		this.interruptions++;
	}

	entered(entry: PresenceEntry): void {
		this.present.set(entry.id, entry);
		this.changes.push(`${entry.id} ${JSON.stringify(entry.member.data)}`);
	}

	departed(id: string): void {
		this.present.delete(id);
		this.changes.push(`${id} left`);
	}

	get data(): readonly Data[] {
		return this.entries.map(({ data }) => data);
	}
}

/** Resolves when a condition holds. */
export async function until(
	what: string,
	holds: () => boolean | Promise<boolean>,
	milliseconds = 20_000,
): Promise<void> {
	const end = performance.now() + milliseconds;
	while (!(await holds())) {
		if (performance.now() > end) throw new Error(`This did not happen in time: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

export function member(id: string, data: unknown = 1): PresenceEntry {
	return { id, userId: 'ada', member: { id, data, since: 1 } };
}
