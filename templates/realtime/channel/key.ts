import { isIdentifier } from './identifier.ts';

/** The identity of a channel instance: its file, and each value of its parameters, encoded. */
export type ChannelKey = string;

export const MAX_VALUE_LENGTH: number = 256;

/**
 * The key of a channel instance.
 *
 * @param file The path of the file below `src/realtime`, without its extension.
 * @param values The values of the file's parameters in the order of the path.
 * @returns undefined if a value is empty, longer than 256 characters, or not well-formed Unicode.
 */
export function channelKey(file: string, values: readonly string[]): ChannelKey | undefined {
	if (!values.every((value) => isIdentifier(value, MAX_VALUE_LENGTH))) return undefined;
	return [file, ...values].map(encodeURIComponent).join('/');
}

/** The file of a key, and the values of its parameters. */
export function readChannelKey(key: ChannelKey): readonly [file: string, ...values: string[]] {
	const [file = '', ...values] = key.split('/').map(decodeURIComponent);
	return [file, ...values];
}
