import type { ServerParts } from '../protocol/frame-parts.ts';
import type { Member } from './types.ts';

type PresenceParts = Extract<ServerParts, readonly ['members' | 'changes', ...unknown[]]>;

/**
 * The list of members after a frame of presence. The same list if nothing changed. Each empty list is
 * a new one, because Solid's binding changes the old value of a store in place.
 */
export function applyPresence(members: readonly Member[], parts: PresenceParts): readonly Member[] {
	if (parts[0] === 'members') return parts[2] ?? [];
	const { joined, changed, left } = parts[2];
	const news = [...joined, ...changed];
	if (news.length + left.length === 0) return members;
	const byId = new Map(members.map((member) => [member.id, member]));
	for (const id of left) byId.delete(id);
	for (const member of news) byId.set(member.id, member);
	return [...byId.values()];
}
