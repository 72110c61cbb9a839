import type { JoinOptions, Member } from '../../realtime/channel/member.ts';
import { isRealtimeError } from '../../realtime/protocol/errors.ts';
import type { Admission } from './admission.ts';

/**
 * Completes a join. A client that says nothing of itself is present only if the channel's schema
 * asks nothing.
 *
 * @throws RealtimeError if the join is refused.
 */
export async function admitMember(
	member: Member,
	{ target, history }: Pick<Admission, 'target' | 'history'>,
	options: Omit<JoinOptions, 'mayReadHistory'>,
): Promise<void> {
	const presence = options.presence ?? (await defaultPresence(member, target));
	await member.admit({ ...options, mayReadHistory: history, presence });
}

async function defaultPresence(
	member: Member,
	{ definition }: Admission['target'],
): Promise<JoinOptions['presence']> {
	if (definition.presence === undefined) return undefined;
	try {
		await definition.presence.parse(undefined, member);
		return { data: undefined };
	} catch (error) {
		if (!isRealtimeError(error)) throw error;
		return undefined;
	}
}
