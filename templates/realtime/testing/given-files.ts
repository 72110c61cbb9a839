import { declarationOf } from '../define/api/define-channel.ts';
import type { ChannelModule, SiteModule, SiteModules } from '../define/reading/site-file.ts';

/**
 * The files of `src/realtime` by their path without the extension: `rooms/[room]`, `_middleware`.
 * Each is a module, or the default export of one.
 */
export type GivenFiles = Readonly<Record<string, unknown>>;

const MIDDLEWARE = '_middleware';

/** The modules of a site without a folder. */
export function givenModules(files: GivenFiles): SiteModules {
	const channels: ChannelModule[] = [];
	const middleware: SiteModule[] = [];
	for (const [file, given] of Object.entries(files)) {
		const parts = file.split('/');
		const path = `src/realtime/${file}.ts`;
		const folder = parts.slice(0, -1).join('/');
		const module = moduleOf(given);
		if (parts.at(-1) === MIDDLEWARE) {
			middleware.push({ path, folder, module });
			continue;
		}
		if (parts.at(-1) === 'index') parts.pop();
		const isParam = (part: string): boolean => part.startsWith('[');
		channels.push({
			path,
			folder,
			file: parts.join('/'),
			name: parts.filter((part) => !isParam(part)).join('/'),
			params: parts.filter(isParam).map((part) => part.slice(1, -1)),
			module,
		});
	}
	return { files: channels, middleware, version: 'test' };
}

function moduleOf(given: unknown): Readonly<Record<string, unknown>> {
	if (typeof given === 'function' || declarationOf(given) !== undefined) return { default: given };
	return Object(given);
}
