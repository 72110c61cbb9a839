import { isIdentifier } from '../../channel/identifier.ts';
import { MAX_ID_LENGTH } from './limits.ts';

/** Whether a value can be the id of a user or of a published message. */
export function isId(value: unknown): value is string {
	return isIdentifier(value, MAX_ID_LENGTH);
}

/** @throws TypeError for what is no id of a user. */
export function checkUserId(id: unknown): void {
	if (isId(id)) return;
	throw new TypeError(
		`The id of a user must be a string of 1 to ${MAX_ID_LENGTH} characters, got: ${shown(id)}`,
	);
}

/** A wrong argument in the message of its error. JSON has no bigints, and no circles. */
export function shown(value: unknown): string {
	if (typeof value === 'string') return JSON.stringify(value);
	return Object(value) === value ? `a value of type ${typeof value}` : String(value);
}
