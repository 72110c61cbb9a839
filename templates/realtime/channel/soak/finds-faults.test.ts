import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOM = new URL('../../', import.meta.url);
const SEEDS = 12;

/** A promise that is broken on purpose, by a change of the code that keeps it. */
interface Mutation {
	readonly what: string;
	readonly file: string;
	readonly from: string;
	readonly to: string;
}

const MUTATIONS: readonly Mutation[] = [
	{
		what: 'a member that goes live before it has caught up',
		file: 'channel/log/catch-up.ts',
		from: 'if (this.position === head) this.finish();',
		to: "if (head !== '') this.finish();",
	},
	{
		what: 'a member that waits for what the log has lost',
		file: 'channel/log/feed.ts',
		from: 'this.reads++;',
		to: '',
	},
	{
		what: 'a feed that takes every message, whatever precedes it',
		file: 'channel/log/feed.ts',
		from: 'if (entry.previous === this.#head) this.#deliver(entry);',
		to: 'if (entry.previous !== "") this.#deliver(entry);',
	},
	{
		what: 'a resume that compares numbers alone',
		file: 'channel/log/continuity.ts',
		from: 'if (first === undefined ? page.head === position : first.previous === position) return undefined;',
		to: 'if (first !== undefined && isBefore(position, first.position)) return undefined;\n\tif (page.head === position) return undefined;',
	},
	{
		what: 'a head that ends with the last kept message',
		file: 'channel/faulty-log.fixture.ts',
		from: 'this.#of(channel).entries = [];',
		to: 'this.#channels.delete(channel);',
	},
	{
		what: 'a message that is handled without a claim',
		file: 'channel/messages/messages.ts',
		from: "if (claim.state !== 'claimed') {",
		to: "if (claim.state === 'settled') {",
	},
	{
		what: 'a reply that does not wait for what was published',
		file: 'channel/log/feed.ts',
		from: 'return this.#recent.has(position) ? undefined : this.#untilPassed(position);',
		to: 'return undefined;',
	},
];

describe('the soak of faults finds', () => {
	for (const { what, file, from, to } of MUTATIONS) {
		it(what, async () => {
			const folder = await mkdtemp(join(tmpdir(), 'soak-'));
			try {
				await cp(fileURLToPath(ROOM), folder, { recursive: true });
				const path = join(folder, file);
				const text = await readFile(path, 'utf8');
				assert.equal(text.split(from).length, 2, `${file} must hold this once: ${from}`);
				await writeFile(
					path,
					text.replace(from, () => to),
				);
				const failures = await soakIn(folder);
				assert.ok(failures > 0, `${SEEDS} seeds found nothing`);
			} finally {
				await rm(folder, { recursive: true });
			}
		});
	}
});

/** Runs the soak of another copy of the code. Returns the number of broken promises. */
async function soakIn(folder: string): Promise<number> {
	const script = `
		import { soak } from './channel/soak/soak.fixture.ts';
		let failures = 0;
		for (let seed = 1; seed <= ${SEEDS} && failures === 0; seed++) {
			failures = (await soak({ seed, steps: 2000, clients: 6 })).failures.length;
		}
		process.stdout.write(String(failures));
	`;
	const run = promisify(execFile);
	const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
		cwd: folder,
	});
	return Number(stdout);
}
