import { type ChannelKey, channelKey, MAX_VALUE_LENGTH, readChannelKey } from '../channel/key.ts';
import type { ChannelDefinition } from '../define/definition.ts';
import type { Site } from '../define/site.ts';
import { RealtimeError } from '../protocol/errors.ts';
import { logUnknownName, logUnknownPath } from './unknown-channel.ts';

/** An instance of a channel of the site. */
export interface Target {
	readonly definition: ChannelDefinition;
	readonly key: ChannelKey;
	readonly params: Readonly<Record<string, string>>;
}

/** The channel that a client names, undefined if there is none. In `astro dev` the log says so. */
export function findTarget(
	site: Site | undefined,
	name: string,
	params: ReadonlyMap<string, string>,
): Target | undefined {
	const definition = site?.find(name, params.keys());
	const found = definition && target(definition, (param) => params.get(param));
	if (found === undefined) logUnknownName(site, name, params);
	return found;
}

/** The channel at the path of a plain client, undefined if there is none. */
export function targetAt(site: Site | undefined, segments: readonly string[]): Target | undefined {
	const match = site?.match(segments);
	const found = match && target(match.definition, (param) => match.params[param]);
	if (found === undefined) logUnknownPath(site, segments);
	return found;
}

/** The channel of a key, undefined if its file is gone, or has other parameters. */
export function targetOf(site: Site | undefined, key: ChannelKey): Target | undefined {
	const [file, ...values] = readChannelKey(key);
	const definition = site?.definitions.get(file);
	if (definition?.params.length !== values.length) return undefined;
	return target(definition, (param) => values[definition.params.indexOf(param)]);
}

/**
 * The channel that the site's own code names.
 *
 * @throws RealtimeError for a file or a value that does not exist.
 */
export function resolveTarget(
	site: Site | undefined,
	file: string,
	params: Readonly<Record<string, string>>,
): Target {
	const definition = site?.definitions.get(file);
	if (definition === undefined) {
		throw new RealtimeError({
			code: 'NOT_FOUND',
			message: `There is no channel file \`src/realtime/${file}\`.`,
		});
	}
	const found = target(definition, (param) =>
		Object.hasOwn(params, param) ? params[param] : undefined,
	);
	if (found !== undefined) return found;
	throw new RealtimeError({
		code: 'BAD_REQUEST',
		message: `The parameters of \`${file}\` must be texts of 1 to ${MAX_VALUE_LENGTH} characters.`,
	});
}

function target(
	definition: ChannelDefinition,
	find: (param: string) => string | undefined,
): Target | undefined {
	const entries = definition.params.map((param) => [param, find(param) ?? ''] as const);
	const key = channelKey(
		definition.file,
		entries.map(([, value]) => value),
	);
	return key === undefined ? undefined : { definition, key, params: Object.fromEntries(entries) };
}
