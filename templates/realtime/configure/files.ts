import { type Dirent, existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isObjectMember, isReserved } from '../define/reading/names.ts';
import type { Problem } from '../define/reading/problem.ts';
import type { ChannelSiteFile, SiteFile } from '../define/reading/site-file.ts';

/** The folder of channels, below the source folder. */
export const REALTIME_FOLDER: string = 'realtime';

/** The folders of a project. */
export interface ProjectFolders {
	readonly root: URL;
	readonly srcDir: URL;
}

/** A module below `src/realtime`. */
export interface RealtimeFile extends SiteFile {
	/** The absolute path. */
	readonly location: string;
}

/** A channel's file. */
export interface ChannelFile extends ChannelSiteFile, RealtimeFile {}

export interface RealtimeFiles {
	readonly channels: readonly ChannelFile[];
	readonly middleware: readonly RealtimeFile[];
	readonly problems: readonly Problem[];
}

const EXTENSION = /\.(?:ts|js|mts|mjs)$/;
/** Also those of modules that cannot be channels. */
const ANY_EXTENSION = /\.(?:[cm]?[jt]s|[jt]sx)$/;
const DECLARATIONS = /\.d\.[cm]?ts$/;
const MIDDLEWARE = '_middleware';
const INDEX = 'index';

const NAME = /^[\p{L}\p{N}$-][\p{L}\p{N}_$-]*$/u;
const PARAMETER = /^\[([A-Za-z$][\w$]*)\]$/;

/** Whether a change of this file can change which channels there are. */
export function isRealtimeFile(location: string, folders: ProjectFolders): boolean {
	const folder = realtimeFolder(folders) + sep;
	return location.startsWith(folder) && isModule(location);
}

/** Finds the channels of a site. Files whose path is wrong are left out. */
export function findRealtimeFiles(folders: ProjectFolders): RealtimeFiles {
	const root = fileURLToPath(folders.root);
	const top = realtimeFolder(folders);
	const channels: ChannelFile[] = [];
	const middleware: RealtimeFile[] = [];
	const problems: Problem[] = [];
	for (const location of modulesIn(top)) {
		const path = withSlashes(relative(root, location));
		if (!EXTENSION.test(path)) {
			problems.push({
				file: path,
				message: `Files of channels do not end in \`${ANY_EXTENSION.exec(path)?.[0]}\`.`,
				hint: 'Rename the file so that it ends in `.ts` or `.js`. A file that is no channel begins with `_`.',
			});
			continue;
		}
		const parts = withSlashes(relative(top, location)).replace(EXTENSION, '').split('/');
		const folder = parts.slice(0, -1).join('/');
		if (parts.at(-1) === MIDDLEWARE) {
			middleware.push({ location, path, folder });
			continue;
		}
		if (parts.at(-1) === INDEX) parts.pop();
		const problem = problemOf(parts);
		if (problem !== undefined) problems.push({ file: path, ...problem });
		else {
			const params = parts.flatMap((part) => PARAMETER.exec(part)?.[1] ?? []);
			const name = parts.filter((part) => !part.startsWith('[')).join('/');
			channels.push({ location, path, folder, file: parts.join('/'), name, params });
		}
	}
	const single = withoutDoubles(channels, problems);
	return { channels: single, middleware: withoutTwins(middleware, problems), problems };
}

/** Whether the site has channel files, or files with a wrong path in their place. */
export function hasRealtimeFiles(folders: ProjectFolders): boolean {
	const { channels, middleware, problems } = findRealtimeFiles(folders);
	return channels.length + middleware.length + problems.length > 0;
}

export function realtimeFolder({ srcDir }: Pick<ProjectFolders, 'srcDir'>): string {
	return join(fileURLToPath(srcDir), REALTIME_FOLDER);
}

/** All modules below a folder that may be channels, sorted. */
function modulesIn(folder: string): string[] {
	if (!existsSync(folder)) return [];
	return readdirSync(folder, { withFileTypes: true })
		.sort((one, other) => (one.name < other.name ? -1 : 1))
		.flatMap((entry) => {
			const location = join(folder, entry.name);
			if (entry.isDirectory()) return isHidden(entry.name) ? [] : modulesIn(location);
			return isModule(location) && isFile(entry, location) ? [location] : [];
		});
}

function isModule(location: string): boolean {
	const name = location.slice(location.lastIndexOf(sep) + 1);
	if (!ANY_EXTENSION.test(name) || DECLARATIONS.test(name)) return false;
	return !isHidden(name) || name.replace(ANY_EXTENSION, '') === MIDDLEWARE;
}

function isHidden(name: string): boolean {
	return name.startsWith('_') || name.startsWith('.');
}

/** Links to files count, links to folders do not: they could lead in a circle. */
function isFile(entry: Dirent, location: string): boolean {
	return entry.isFile() || (entry.isSymbolicLink() && statSync(location).isFile());
}

/** What is wrong with the path of a channel. */
function problemOf(parts: readonly string[]): Omit<Problem, 'file'> | undefined {
	const params = new Set<string>();
	for (const part of parts) {
		if (part.startsWith('[...')) {
			return {
				message: `The path has the rest parameter \`${part}\`.`,
				hint: 'A channel has no rest parameters. Use one parameter for each folder.',
			};
		}
		const [, param] = PARAMETER.exec(part) ?? [];
		if (param === undefined && !NAME.test(part)) {
			return {
				message: `\`${part}\` in the path is neither a name nor a parameter.`,
				hint: 'A name has letters, digits, `-` and `_`. A parameter has letters, digits and `_`, in brackets: `[room]`. A file that is no channel, such as a test, begins with `_`.',
			};
		}
		if (param === undefined && isReserved(part)) {
			return {
				message: `The path has the reserved name \`${part}\`.`,
				hint: 'Rename the file or folder. Reserved are `then`, `toJSON`, names that begin with `$$`, and the names of members that all functions or objects have.',
			};
		}
		if (param === undefined) continue;
		if (isObjectMember(param)) {
			return {
				message: `The path has the reserved parameter \`${param}\`.`,
				hint: 'Rename the parameter: all objects have a member of this name.',
			};
		}
		if (params.has(param)) {
			return {
				message: `The path has the parameter \`${param}\` twice.`,
				hint: 'Give each parameter of a path its own name.',
			};
		}
		params.add(param);
	}
	if (params.size < parts.length) return undefined;
	return {
		message: 'The path gives the channel no name.',
		hint: 'Move the file into a folder, for example `src/realtime/rooms/[room].ts`.',
	};
}

/** Leaves out channels that another one's call or path would reach as well. */
function withoutDoubles(
	channels: readonly ChannelFile[],
	problems: Problem[],
): readonly ChannelFile[] {
	const byCall = new Map<string, ChannelFile>();
	const byPath = new Map<string, ChannelFile>();
	return channels.filter((channel) => {
		const { path, name, params, file } = channel;
		const call = `${name}?${[...params].sort().join('&')}`;
		const shape = file.replaceAll(/\[[^\]]*\]/g, '[]');
		const double = byCall.get(call) ?? byPath.get(shape);
		if (double === undefined) {
			byCall.set(call, channel);
			byPath.set(shape, channel);
			return true;
		}
		const what = byCall.has(call) ? `channels.${name.replaceAll('/', '.')}` : `/${file}`;
		problems.push({
			file: path,
			message: `\`${what}\` is the channel of \`${double.path}\` already.`,
			hint: 'Rename one of the two files, or begin the name of one with `_`.',
		});
		return false;
	});
}

function withoutTwins(
	middleware: readonly RealtimeFile[],
	problems: Problem[],
): readonly RealtimeFile[] {
	const byFolder = new Map<string, RealtimeFile>();
	return middleware.filter((file) => {
		const twin = byFolder.get(file.folder);
		if (twin === undefined) {
			byFolder.set(file.folder, file);
			return true;
		}
		problems.push({
			file: file.path,
			message: `The folder has the middleware \`${twin.path}\` already.`,
			hint: 'Keep one of the two files.',
		});
		return false;
	});
}

/** A path as Vite and TypeScript write it. */
export function withSlashes(path: string): string {
	return sep === '/' ? path : path.replaceAll(sep, '/');
}
