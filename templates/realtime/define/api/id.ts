import { isIdentifier } from '../../channel/identifier.ts';
import { MAX_ID_LENGTH } from './limits.ts';
import { misuse } from './misuse.ts';

/** Whether a value can be the id of a user or of a published message. */
export function isId(value: unknown): value is string {
	return isIdentifier(value, MAX_ID_LENGTH);
}

/** @throws TypeError for what is no id of a user. */
export function checkUserId(id: unknown): void {
	if (!isId(id)) throw misuse('id of a user', id);
}
