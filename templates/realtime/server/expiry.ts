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
	const end = (): void => close(EXPIRED, 'The authentication expired.');
	const left = user.expires - host.now();
	if (left > 0) return host.wakeAfter(left, end);
	// Before anything that the client has sent already: a timer would come after it.
	queueMicrotask(end);
	return undefined;
}
