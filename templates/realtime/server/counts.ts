import type { Meter } from '../channel/ports.ts';
import type { GapReason } from '../protocol/server-frames.ts';

/** The totals of a hub. They only grow. */
export class Counts implements Meter {
	readonly messages = { received: 0, published: 0 };
	readonly joins = { allowed: 0, refused: 0 };
	readonly sessions = { opened: 0, resumed: 0 };
	readonly resumes = { whole: 0, gap: 0 };
	readonly gaps: Record<GapReason, number> = { trimmed: 0, restarted: 0, 'not kept': 0 };

	resumed(isWhole: boolean): void {
		this.resumes[isWhole ? 'whole' : 'gap']++;
	}

	gap(reason: GapReason, members: number): void {
		this.gaps[reason] += members;
	}
}
