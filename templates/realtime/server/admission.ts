import type { Member, MemberInit } from '../channel/members/member.ts';
import { type ErrorData, errorData, FAILURE } from '../protocol/errors.ts';
import { FAILED_JOIN } from './limits.ts';
import type { Target } from './targets.ts';

/**
 * The answer to a join that is not allowed, also if the channel does not exist: it must not tell
 * which names there are.
 */
export const NOT_JOINABLE: ErrorData = {
	code: 'NOT_FOUND',
	message: 'There is no such channel, or you may not join it.',
};

/** The answer to a join that failed. What failed at the server may pass: the client asks again. */
export function joinError(error: unknown): ErrorData {
	const data = errorData(error);
	const { code } = data;
	return code === FAILURE.code || code === 'TIMEOUT' ? { retryAfter: FAILED_JOIN, ...data } : data;
}

/** The answer about a channel that does not exist, which takes a turn as well. */
export async function nobody(): Promise<undefined> {}

/** The site allowed a join. Use it, or cancel it. */
export interface Admission {
	readonly target: Target;
	/** Whether the member may be given the past. */
	readonly history: boolean;
	/** Returns undefined if the user was disconnected meanwhile, or the file removed. */
	join(init: Pick<MemberInit, 'link' | 'ref' | 'user'>): Member | undefined;
	cancel(): void;
}
