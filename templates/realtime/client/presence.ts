import type { ServerParts } from '../protocol/frame-parts.ts';
import type { Member } from './types.ts';

export type PresenceParts = Extract<ServerParts, readonly ['members' | 'changes', ...unknown[]]>;

/**
 * The list of members after a frame of presence. The same list if nothing changed. Each empty list is
 * a new one, because Solid's binding changes the old value of a store in place.
 *
 * @param returning Members of before who stay in the list, though a list of the server has them not.
 */
export function applyPresence(
	members: readonly Member[],
	parts: PresenceParts,
	returning: ReadonlySet<string>,
): readonly Member[] {
	if (parts[0] === 'members') {
		return [...members.filter(({ id }) => returning.has(id)), ...(parts[2] ?? [])];
	}
	const { joined, changed, left } = parts[2];
	const news = [...joined, ...changed];
	if (news.length + left.length === 0) return members;
	const byId = new Map(members.map((member) => [member.id, member]));
	for (const id of left) byId.delete(id);
	for (const member of news) byId.set(member.id, member);
	return [...byId.values()];
}

/** The ids of users whom a list does not have. Connections come back with other ids. */
export function absentUsers(
	members: readonly Member[],
	listed: readonly Member[],
): readonly string[] {
	const ids = new Set(listed.map(({ id }) => id));
	return members
		.filter(({ id, user }) => !ids.has(id) && (user as { id?: unknown } | undefined)?.id === id)
		.map(({ id }) => id);
}
