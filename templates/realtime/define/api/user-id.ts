import { MAX_USER_ID_LENGTH } from './limits.ts';

/** Whether a value can be the id of a user. */
export function isUserId(value: unknown): value is string {
	return (
		typeof value === 'string' &&
		value !== '' &&
		value.length <= MAX_USER_ID_LENGTH &&
		// Node 18 has no `isWellFormed()`. In this mode a pair of surrogates is one character.
		!/\p{Surrogate}/u.test(value)
	);
}
