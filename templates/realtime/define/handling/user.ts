import { isId } from '../api/id.ts';
import { MAX_ID_LENGTH, MAX_USER_BYTES } from '../api/limits.ts';
import { misuse } from '../api/misuse.ts';
import { writeJson } from '../data/json.ts';

/** A user, as JSON has it. */
export interface User {
	readonly id: string;
	/** When the authentication ends: milliseconds since 1970. */
	readonly expires?: number;
	readonly [member: string]: unknown;
}

/** Times below it are taken for seconds: as milliseconds it is March 1973. */
const EARLIEST_EXPIRY = 100_000_000_000;

/**
 * Checks what `authenticate` gave.
 *
 * @returns The user as JSON has it, undefined for a visitor.
 * @throws TypeError if it is no user, RealtimeError if it is larger than 4 KB.
 */
export function checkUser(value: unknown): User | undefined {
	if (value === undefined || value === null) return undefined;
	if (typeof value !== 'object' || Array.isArray(value)) {
		throw misuse('authenticate');
	}
	const text = writeJson(value, {
		what: 'The user of `authenticate`',
		limit: MAX_USER_BYTES,
		isStrict: false,
	});
	const user: Record<string, unknown> = JSON.parse(text ?? '{}');
	if (!isId(user.id)) {
		throw new TypeError(
			`The user of \`authenticate\` must have an \`id\` of 1 to ${MAX_ID_LENGTH} characters. Write a number as a string.`,
		);
	}
	checkExpiry(user.expires);
	return user as User;
}

function checkExpiry(expires: unknown): void {
	if (expires === undefined) return;
	if (typeof expires !== 'number') throw misuse('expires');
	if (expires < EARLIEST_EXPIRY) throw misuse('expires in seconds');
}
