import { nearest, suggestion } from '../define/reading/suggestion.ts';

/** What this package adds to the options of an adapter. */
const ADDED = ['websocket', 'realtime'];

/**
 * The `realtime` option of an adapter.
 *
 * @param adapterOptions The options of the adapter.
 * @param names The options that the adapter has.
 * @throws TypeError if it is no object, has an option that the adapter does not have, or if one of its
 * options stands beside it, where it would have no effect. Also if its name, or `websocket`, is misspelt:
 * upstream passes over names that it does not know.
 */
export function realtimeOption<Name extends string>(
	adapterOptions: object,
	names: readonly Name[],
): { readonly [Key in Name]?: unknown } {
	for (const name of names) {
		if (!Object.hasOwn(adapterOptions, name)) continue;
		const value = JSON.stringify(Reflect.get(adapterOptions, name)) ?? '…';
		throw new TypeError(
			`\`${name}\` is an option of \`realtime\`. Write \`realtime: { ${name}: ${value} }\`.`,
		);
	}
	for (const name of Object.keys(adapterOptions)) {
		const meant = ADDED.includes(name) ? undefined : nearest(name, ADDED);
		if (meant === undefined) continue;
		throw new TypeError(`\`${name}\` is not an option of the adapter. Did you mean \`${meant}\`?`);
	}
	const options: unknown = Reflect.get(adapterOptions, 'realtime') ?? {};
	if (typeof options !== 'object' || options === null || Array.isArray(options)) {
		throw invalidOption('realtime', 'an object', options);
	}
	for (const name of Object.keys(options)) {
		if (names.some((known) => known === name)) continue;
		throw new TypeError(`\`realtime.${name}\` is not an option. ${suggestion(name, names)}`);
	}
	return options;
}

/** @param help A further sentence. */
export function invalidOption(
	name: string,
	expected: string,
	value: unknown,
	help = '',
): TypeError {
	const text = JSON.stringify(value) ?? String(value);
	return new TypeError(`\`${name}\` must be ${expected}, got: ${text}${help}`);
}
