/** The name most like the given one, undefined if all are too different. */
export function nearest(name: string, names: readonly string[]): string | undefined {
	let best: string | undefined;
	let least = Math.max(2, Math.floor(name.length / 3)) + 1;
	for (const candidate of names) {
		const edits = distance(name.toLowerCase(), candidate.toLowerCase());
		if (edits < least) [best, least] = [candidate, edits];
	}
	return best;
}

/** A sentence that names the nearest name, or all of them. */
export function suggestion(name: string, names: readonly string[]): string {
	const near = nearest(name, names);
	if (near !== undefined) return `Did you mean \`${near}\`?`;
	return names.length === 0
		? 'There are none.'
		: `Use one of ${names.map((known) => `\`${known}\``).join(', ')}.`;
}

/** The number of insertions, deletions and replacements (Levenshtein). */
function distance(one: string, other: string): number {
	let above = Array.from({ length: other.length + 1 }, (_, index) => index);
	for (let row = 1; row <= one.length; row++) {
		const current = [row];
		for (let column = 1; column <= other.length; column++) {
			const replaced = (above[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1);
			current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
		}
		above = current;
	}
	return above[other.length] ?? 0;
}
