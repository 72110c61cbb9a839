import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The extensions of the conventional file. */
const EXTENSIONS = ['.ts', '.js', '.mts', '.mjs'];

/** The folders of a project. Configurations in tests of integrations may lack them. */
export interface ProjectFolders {
	readonly root?: URL;
	readonly srcDir?: URL;
}

/**
 * Finds the hooks file.
 *
 * @param path `websocket.hooks`; `null` for the convention: `websocket.ts` in the source folder.
 * @returns The absolute path, or `null` if there is none.
 * @throws TypeError if the configured file does not exist: it may hold the site's access checks.
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
		throw new TypeError(`\`websocket.hooks\` must be the path of an existing file, got: ${file}`);
	}
	return file;
}
