/** Sites on disk. */

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { ProjectFolders } from './files.ts';

export interface SiteFolders extends ProjectFolders {
	/** The absolute path of the root. */
	readonly path: string;
	/** Writes files, by their path below the root. */
	write(files: Readonly<Record<string, string>>): void;
}

/** A site with these files below `src/realtime`, until the test ends. */
export function siteWith(
	context: TestContext,
	files: readonly string[] | Readonly<Record<string, string>>,
): SiteFolders {
	const path = realpathSync(mkdtempSync(join(tmpdir(), 'realtime-')));
	context.after(() => rmSync(path, { recursive: true }));
	const write = (given: Readonly<Record<string, string>>): void => {
		for (const [name, text] of Object.entries(given)) {
			mkdirSync(dirname(join(path, name)), { recursive: true });
			writeFileSync(join(path, name), text);
		}
	};
	const entries = Array.isArray(files)
		? files.map((name): [string, string] => [name, ''])
		: Object.entries(files);
	write(Object.fromEntries(entries.map(([name, text]) => [`src/realtime/${name}`, text] as const)));
	return {
		path,
		write,
		root: pathToFileURL(`${path}/`),
		srcDir: pathToFileURL(`${path}/src/`),
	};
}
