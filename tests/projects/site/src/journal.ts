/**
 * What happened on the server, for the tests to wait for, and what the tests want to happen, for
 * the server to wait for. It is kept on `globalThis`: the dev server may instantiate a module more
 * than once.
 */
const key = Symbol.for('tests.journal');
const shared = globalThis as { [key]?: Map<string, string> };
const entries: Map<string, string> = shared[key] ?? new Map();
shared[key] = entries;

/** Adds a word to the entry of this name. */
export function record(name: string, word: string): void {
	const before = entries.get(name);
	entries.set(name, before === undefined ? word : `${before} ${word}`);
}

/**
 * The entry of this name, as soon as it ends with `last`; what there is after five seconds. Who waits
 * looks for himself: in workerd one request cannot be woken by another.
 */
export async function entry(name: string, last = ''): Promise<string> {
	const deadline = Date.now() + 5000;
	while (!entries.get(name)?.endsWith(last) && Date.now() < deadline) {
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
	return entries.get(name) ?? '(nothing)';
}
