import type { PresentMember } from '../../protocol/server-frames.ts';
import type { PresenceEntry } from '../ports.ts';

/**
 * The members that presence shows: each connection, or each user once with the data of the
 * connection that changed last.
 *
 * @param entries In the order of their last change.
 */
export function presentMembers(
	entries: Iterable<PresenceEntry>,
	of: 'user' | 'connection',
): Map<string, PresentMember> {
	const members = new Map<string, PresentMember>();
	for (const { id, userId, member } of entries) {
		const shown = of === 'user' && userId !== undefined ? userId : id;
		const since = Math.min(member.since, members.get(shown)?.since ?? member.since);
		members.set(shown, { ...member, id: shown, since });
	}
	return members;
}
