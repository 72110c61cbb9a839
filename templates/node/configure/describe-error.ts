import { inspect } from 'node:util';

/**
 * The text of a thrown value for the log of `astro dev`: the stack of an error and of its causes, and
 * the members of what is no error.
 *
 * Errors of Vite also hold the code of a whole module, so that `inspect()` of an error says too much.
 */
export function describeError(error: unknown): string {
	const told = new Set<unknown>();
	let text = '';
	let thrown = error;
	while (thrown instanceof Error) {
		told.add(thrown);
		text += thrown.stack ?? String(thrown);
		if (thrown.cause === undefined || told.has(thrown.cause)) return text;
		text += '\ncause: ';
		thrown = thrown.cause;
	}
	return text + (typeof thrown === 'string' ? thrown : inspect(thrown));
}
