import { appendToFile, isInFiles, readFile } from './journal-in-files.js';

/**
 * Records events on the server that the tests wait for, and signals from the tests that the server
 * waits for. It is stored on `globalThis`: the dev server may instantiate a module more than once.
 */
const key = Symbol.for('tests.journal');
const shared = globalThis as { [key]?: Map<string, string> };
const entries: Map<string, string> = shared[key] ?? new Map();
shared[key] = entries;

/** Adds a word to the entry of this name. */
export function record(name: string, word: string): void {
	if (isInFiles) {
		appendToFile(name, word);
		return;
	}
	const before = entries.get(name);
	entries.set(name, before === undefined ? word : `${before} ${word}`);
}

/** Milliseconds. A client of the tests waits longer for a response. */
const PATIENCE = 20_000;

/**
 * Returns the entry of this name once it ends with `last`, or its value when no more patience is left.
 * It polls: in workerd one request cannot wake another.
 */
export async function entry(name: string, last = ''): Promise<string> {
	const deadline = Date.now() + PATIENCE;
	while (!read(name)?.endsWith(last) && Date.now() < deadline) {
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
	return read(name) ?? '(nothing)';
}

function read(name: string): string | undefined {
	return isInFiles ? readFile(name) : entries.get(name);
}
