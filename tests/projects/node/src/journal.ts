/**
 * What happened on the server, for the tests to wait for, and what the tests want to happen, for
 * the server to wait for. It is kept on `globalThis`: the dev server may instantiate a module more
 * than once.
 */
interface Journal {
	entries: Map<string, string>;
	waiting: Map<string, (() => void)[]>;
}

const key = Symbol.for('tests.journal');
const shared = globalThis as { [key]?: Journal };
const journal: Journal = shared[key] ?? { entries: new Map(), waiting: new Map() };
shared[key] = journal;

/** Adds a word to the entry of this name, and wakes who waits for it. */
export function record(name: string, word: string): void {
	const before = journal.entries.get(name);
	journal.entries.set(name, before === undefined ? word : `${before} ${word}`);
	for (const wake of journal.waiting.get(name) ?? []) wake();
	journal.waiting.delete(name);
}

/** The entry of this name, as soon as it ends with `last`; what there is after five seconds. */
export async function entry(name: string, last = ''): Promise<string> {
	const deadline = Date.now() + 5000;
	while (Date.now() < deadline) {
		const text = journal.entries.get(name);
		if (text?.endsWith(last)) return text;
		await new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, deadline - Date.now());
			const wake = () => {
				clearTimeout(timer);
				resolve();
			};
			journal.waiting.set(name, [...(journal.waiting.get(name) ?? []), wake]);
		});
	}
	return journal.entries.get(name) ?? '(nothing)';
}
