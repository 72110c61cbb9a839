import type { PresenceEntry } from '../../../realtime/channel/ports.ts';

/** A member of a channel in the stream, or what is left of it for a while after its end. */
export interface StoredMember {
	readonly id: string;
	/** The process of its connection, which alone removes it. */
	readonly owner: string;
	/** Undefined for one that has left. */
	readonly entry: PresenceEntry | undefined;
}

export function writeMember(owner: string, entry: PresenceEntry): string {
	return JSON.stringify([entry.id, owner, entry]);
}

export function writeDeparture(id: string): string {
	return JSON.stringify([id]);
}

export function readMember(data: Buffer): StoredMember {
	const [id, owner = '', entry]: [string, string?, PresenceEntry?] = JSON.parse(data.toString());
	return { id, owner, entry };
}
