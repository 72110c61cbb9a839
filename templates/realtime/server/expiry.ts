import type { Host } from '../channel/ports.ts';
import type { User } from '../define/handling/user.ts';
import { EXPIRED } from '../protocol/constants.ts';

/**
 * Closes a connection when the authentication of its user expires.
 *
 * @returns what cancels it, undefined for a user that does not expire.
 */
export function closeAtExpiry(
	host: Host,
	user: User | undefined,
	close: (code: number, reason: string) => void,
): (() => void) | undefined {
	if (user?.expires === undefined) return undefined;
	const left = Math.max(0, user.expires - host.now());
	return host.wakeAfter(left, () => close(EXPIRED, 'The authentication expired.'));
}
