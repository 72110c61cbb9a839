import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

/** The endings under which the file is found by convention. */
const EXTENSIONS = ['.ts', '.js', '.mts', '.mjs'];

/** Where a project keeps its files. */
export interface ProjectFolders {
	readonly root: URL;
	readonly srcDir: URL;
}

/**
 * Finds the hooks file.
 *
 * @param path `websocket.hooks`, `null` for the convention: `websocket.ts` in the source folder.
 * @returns Its absolute path, or `null` if there is none.
 * @throws TypeError if the file that is asked for is not there: it may hold the site's guard.
 */
export function findHooksFile(
	path: string | null,
	{ root, srcDir }: ProjectFolders,
): string | null {
	if (path === null) {
		const candidates = EXTENSIONS.map((extension) =>
			fileURLToPath(new URL(`websocket${extension}`, srcDir)),
		);
		return candidates.find((candidate) => existsSync(candidate)) ?? null;
	}
	const file = fileURLToPath(new URL(path, root));
	if (!existsSync(file)) {
		throw new TypeError(
			`\`websocket.hooks\` must be the path of a file, and there is none: ${file}`,
		);
	}
	return file;
}

/** The module from which the built server imports the hooks. */
const HOOKS_MODULE = 'virtual:astro-websocket:hooks';

/**
 * Gives the built server the hooks: the adapter's options reach it as JSON, which functions do not
 * survive.
 *
 * @param file The path of the hooks file, `null` if there is none.
 */
export function hooksPlugin(file: string | null): Plugin {
	const resolved = `\0${HOOKS_MODULE}`;
	return {
		name: HOOKS_MODULE,
		resolveId: (id) => (id === HOOKS_MODULE ? resolved : undefined),
		load: (id) => (id === resolved ? hooksModule(file) : undefined),
	};
}

function hooksModule(file: string | null): string {
	return file === null
		? 'export const websocketHooks = {};'
		: `export * as websocketHooks from ${JSON.stringify(file)};`;
}
