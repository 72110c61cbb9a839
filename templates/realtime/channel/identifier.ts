/** Node 18 has no `isWellFormed()`. In this mode a pair of surrogates is one character. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Whether a value can name something in all engines: well-formed Unicode, and not empty.
 *
 * @param limit The most UTF-16 code units.
 */
export function isIdentifier(value: unknown, limit: number): value is string {
	return (
		typeof value === 'string' &&
		value !== '' &&
		value.length <= limit &&
		!LONE_SURROGATE.test(value)
	);
}
