import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The endings under which the file is found by convention. */
const EXTENSIONS = ['.ts', '.js', '.mts', '.mjs'];

/** Where a project keeps its files. Tests of integrations make configurations without. */
export interface ProjectFolders {
	readonly root?: URL;
	readonly srcDir?: URL;
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
		if (srcDir === undefined) return null;
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
