import { channelKey } from '../channel/key.ts';
import type { Runtime } from './api/runtime.ts';
import type { ChannelDefinition } from './definition.ts';
import {
	defaultHooks,
	type Hooks,
	type MessageEvents,
	messageEvents,
	middlewareHooks,
} from './handling/hooks.ts';
import { checkPresence } from './handling/presence.ts';
import { type DefinitionParts, readDefinition } from './read-definition.ts';
import { Checker } from './reading/checker.ts';
import type { Problem } from './reading/problem.ts';
import type { SiteModule, SiteModules } from './reading/site-file.ts';
import { shortDefinition } from './short-form.ts';

/** The channels of a site, and what serves all of them. */
export interface Site {
	readonly runtime: Runtime;
	/** By file: `teams/[team]/rooms/[room]`. */
	readonly definitions: ReadonlyMap<string, ChannelDefinition>;
	/** Changes with the content of the files. */
	readonly version: string;
	/** The hooks on messages of `src/realtime/_middleware`, else the defaults. */
	readonly events: MessageEvents;
	/** Called with Astro's `APIContext`. Absent: everyone is a visitor. Check with `checkUser()`. */
	readonly authenticate?: (context: unknown) => unknown;
	readonly onOnline?: (userId: string) => unknown;
	readonly onOffline?: (userId: string) => unknown;
	/** The channel of a name and the names of its parameters, in any order. */
	find(name: string, params: Iterable<string>): ChannelDefinition | undefined;
	/**
	 * The channel of a path, as plain clients open it. A name wins over a parameter. Undefined for
	 * values that are empty, `.` or `..`, or longer than 256 characters.
	 *
	 * @param segments The decoded parts of the path.
	 */
	match(segments: readonly string[]): ChannelMatch | undefined;
}

export interface ChannelMatch {
	readonly definition: ChannelDefinition;
	readonly params: Readonly<Record<string, string>>;
}

/** Reads a site's modules, in a server that has all parts. */
export function readSite(modules: SiteModules, runtime: Runtime): SiteResult {
	return readSiteWith({ checkPresence, shortDefinition }, modules, runtime);
}

export interface SiteResult {
	readonly site: Site;
	readonly problems: readonly Problem[];
}

/**
 * Reads a site's modules. Files with problems are left out of the site, so that the others work in
 * `astro dev`. A server that starts throws `ProblemsError` if there are any.
 */
export function readSiteWith(
	parts: DefinitionParts,
	modules: SiteModules,
	runtime: Runtime,
): SiteResult {
	const problems: Problem[] = [];
	const hooks = new Map<string, Hooks>();
	for (const middleware of modules.middleware) {
		const checker = new Checker(middleware.path);
		hooks.set(middleware.folder, middlewareHooks(middleware, checker));
		problems.push(...checker.problems);
	}
	const definitions = new Map<string, ChannelDefinition>();
	for (const file of modules.files) {
		const result = readDefinition(file, placesOf(file.folder, hooks), runtime, parts);
		if ('definition' in result) definitions.set(file.file, result.definition);
		else problems.push(...result.problems);
	}
	const byCall = new Map(
		[...definitions.values()].map((definition) => [
			callOf(definition.name, definition.params),
			definition,
		]),
	);
	const root = modules.middleware.find(({ folder }) => folder === '');
	const site: Site = {
		runtime,
		definitions,
		version: modules.version,
		events: messageEvents(
			placesOf('', hooks),
			{ onError: defaultHooks(runtime).logError as never },
			runtime,
		),
		...userHooks(root),
		find: (name, params) => byCall.get(callOf(name, params)),
		match: (segments) => matchPath(definitions, segments),
	};
	return { site, problems };
}

/** The hooks of a folder and of those above it, the nearest first. */
function placesOf(folder: string, hooks: ReadonlyMap<string, Hooks>): readonly Hooks[] {
	const parts = folder === '' ? [] : folder.split('/');
	return Array.from({ length: parts.length + 1 }, (_, depth) =>
		hooks.get(parts.slice(0, parts.length - depth).join('/')),
	).filter((found) => found !== undefined);
}

function userHooks(
	root: SiteModule | undefined,
): Pick<Site, 'authenticate' | 'onOnline' | 'onOffline'> {
	const { authenticate, onOnline, onOffline } = (root?.module ?? {}) as Record<string, unknown>;
	return {
		...(typeof authenticate === 'function' && {
			authenticate: authenticate as NonNullable<Site['authenticate']>,
		}),
		...(typeof onOnline === 'function' && {
			onOnline: onOnline as NonNullable<Site['onOnline']>,
		}),
		...(typeof onOffline === 'function' && {
			onOffline: onOffline as NonNullable<Site['onOffline']>,
		}),
	};
}

/** What a call of `channels` names: the order of parameters does not count. */
function callOf(name: string, params: Iterable<string>): string {
	return JSON.stringify([name, ...[...params].sort()]);
}

function matchPath(
	definitions: ReadonlyMap<string, ChannelDefinition>,
	segments: readonly string[],
): ChannelMatch | undefined {
	if (segments.some((segment) => segment === '.' || segment === '..')) return undefined;
	let best: { readonly match: ChannelMatch; readonly rank: string } | undefined;
	for (const definition of definitions.values()) {
		const params = paramsOf(definition.file, segments);
		if (params === undefined) continue;
		// Sorts names before parameters, at the first segment where two files differ.
		const rank = definition.file.split('/').map((part) => (part.startsWith('[') ? '1' : '0'));
		const found = { match: { definition, params }, rank: rank.join('') };
		if (best === undefined || found.rank < best.rank) best = found;
	}
	return best?.match;
}

function paramsOf(
	file: string,
	segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
	const parts = file.split('/');
	if (parts.length !== segments.length) return undefined;
	const params: [string, string][] = [];
	for (const [index, part] of parts.entries()) {
		const segment = segments[index] ?? '';
		if (part.startsWith('[')) params.push([part.slice(1, -1), segment]);
		else if (part !== segment) return undefined;
	}
	const values = params.map(([, value]) => value);
	return channelKey(file, values) === undefined ? undefined : Object.fromEntries(params);
}
