const folder = globalThis.process?.env?.JOURNAL;
const files = folder && globalThis.process.getBuiltinModule('node:fs');
const path = (name) => `${folder}/${encodeURIComponent(name)}`;

/** Whether several processes of a site share the files of a folder as their journal. */
export const isInFiles = Boolean(folder);

/**
 * Adds a word. Those of other processes go before or behind it, and never into it.
 *
 * @param {string} name
 * @param {string} word
 */
export function appendToFile(name, word) {
	files.appendFileSync(path(name), `${word} `);
}

/**
 * @param {string} name
 * @returns {string | undefined}
 */
export function readFile(name) {
	return files.existsSync(path(name))
		? files.readFileSync(path(name), 'utf8').trimEnd()
		: undefined;
}
