import { isIdentifier } from '../../channel/identifier.ts';
import { MAX_ID_LENGTH } from './limits.ts';

/** Whether a value can be the id of a user or of a published message. */
export function isId(value: unknown): value is string {
	return isIdentifier(value, MAX_ID_LENGTH);
}
