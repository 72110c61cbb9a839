/** What happened in a soak. A test expects that each of it did. */
export interface SoakCounts {
	published: number;
	delivered: number;
	/** How often a member got a snapshot in place of messages. */
	snapshots: number;
	gaps: number;
	resumes: number;
	handled: number;
	uncertain: number;
	/** How often a member was restored after a sleep. */
	restored: number;
}

export function noCounts(): SoakCounts {
	return {
		published: 0,
		delivered: 0,
		snapshots: 0,
		gaps: 0,
		resumes: 0,
		handled: 0,
		uncertain: 0,
		restored: 0,
	};
}
