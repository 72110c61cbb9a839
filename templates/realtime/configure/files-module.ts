import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ProblemsError } from '../define/reading/problem.ts';
import { type RealtimeFiles, withSlashes } from './files.ts';

/**
 * The module that imports all channel files and `_middleware` files. It exports `SiteModules`, and
 * `problems`: what is wrong with the paths, which a build refuses.
 */
export const FILES_MODULE = 'virtual:zastro-realtime/files';
/** Its resolved specifier. */
export const RESOLVED_FILES_MODULE: string = `\0${FILES_MODULE}`;

/** The version in `astro dev`, where pages and server change together. */
const DEV_VERSION = 'dev';

/** What a page and its server compare, to tell whether they were built from the same files. */
export function versionOf(files: RealtimeFiles, isBuild: boolean): string {
	return isBuild ? hashOf(files) : DEV_VERSION;
}

/** Imports every file at once, so that a server with a wrong file does not start. */
export function filesModule(files: RealtimeFiles, isBuild: boolean): string {
	const { channels, middleware, problems } = files;
	if (isBuild && problems.length > 0) throw new ProblemsError(problems);
	const imports: string[] = [];
	const list = (entries: readonly { readonly location: string }[]): string => {
		const texts = entries.map(({ location, ...known }) => {
			const name = `module${imports.length}`;
			imports.push(`import * as ${name} from ${JSON.stringify(withSlashes(location))};\n`);
			return `\t{ ...${JSON.stringify(known)}, module: ${name} },\n`;
		});
		return `[\n${texts.join('')}]`;
	};
	const body = `export const files = ${list(channels)};
export const middleware = ${list(middleware)};
export const version = ${JSON.stringify(versionOf(files, isBuild))};
export const problems = ${JSON.stringify(problems)};
export const failure = undefined;
`;
	return imports.join('') + body;
}

function hashOf({ channels, middleware }: RealtimeFiles): string {
	const hash = createHash('sha256');
	for (const { path, location } of [...channels, ...middleware]) {
		hash.update(JSON.stringify([path, readFileSync(location, 'utf-8')]));
	}
	return hash.digest('base64url').slice(0, 16);
}
