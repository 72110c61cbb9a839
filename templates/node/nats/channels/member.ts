import type { PresenceEntry } from '../../../realtime/channel/ports.ts';

/** A member of a channel in the stream, or what is left of it for a while after its end. */
export interface StoredMember {
	readonly id: string;
	/** The process that wrote it. It alone removes a member. */
	readonly process: string;
	/** The number of its changes to the channel. */
	readonly number: number;
	/** Undefined for one that has left. */
	readonly entry: PresenceEntry | undefined;
}

export function writeMember({ id, process, number, entry }: StoredMember): string {
	return JSON.stringify([id, process, number, entry]);
}

export function readMember(data: Buffer): StoredMember {
	const [id, process, number, entry]: [string, string, number, PresenceEntry | null] = JSON.parse(
		data.toString(),
	);
	return { id, process, number, entry: entry ?? undefined };
}
