import type { PresenceChanges, PresentMember } from '../../realtime/protocol/server-frames.ts';
import type { ChannelInfo, Present } from '../report/events.ts';
import { MAX_CHANNELS, MAX_PRESENT } from '../report/limits.ts';
import { cut, previewOf } from '../report/preview.ts';

/** Characters of what a present member shows. */
const MAX_SHOWN = 200;

/** A channel that connections of this server are members of, or were. */
export class ChannelEntry {
	readonly name: string;
	readonly members: Set<number> = new Set();
	toServer = 0;
	toClient = 0;
	/** By the id of the member. Undefined for a channel without presence. */
	#present: Map<string, Present> | undefined;
	#presentCount = 0;

	constructor(name: string) {
		this.name = name;
	}

	/** Everyone present, or null if only the count is told. */
	setPresent(members: readonly PresentMember[] | null, count: number): void {
		this.#present = new Map(members?.map((member) => [member.id, presentOf(member)]));
		this.#presentCount = count;
	}

	changePresent({ joined, changed, left }: PresenceChanges, count: number): void {
		this.#present ??= new Map();
		for (const id of left) this.#present.delete(id);
		for (const member of [...joined, ...changed]) this.#present.set(member.id, presentOf(member));
		this.#presentCount = count;
	}

	get info(): ChannelInfo {
		const { name, members, toServer, toClient } = this;
		return {
			name,
			members: [...members],
			toServer,
			toClient,
			...(this.#present !== undefined && {
				present: [...this.#present.values()].slice(0, MAX_PRESENT),
				presentCount: this.#presentCount,
			}),
		};
	}

	/** The last member has left, and nobody tells about presence any more. */
	empty(): void {
		this.#present = undefined;
	}
}

function presentOf({ id, user, data }: PresentMember): Present {
	return {
		id,
		user: cut(nameOf(user), MAX_SHOWN),
		data: cut(previewOf(data), MAX_SHOWN),
	};
}

/** The id of a user, empty for an anonymous visitor. */
function nameOf(user: unknown): string {
	if (typeof user !== 'object' || user === null) return '';
	return 'id' in user && typeof user.id === 'string' ? user.id : previewOf(user);
}

/** The channels of a dev server, as the frames of their clients tell. */
export class ChannelTable {
	readonly #channels: Map<string, ChannelEntry> = new Map();

	get(name: string): ChannelEntry {
		let entry = this.#channels.get(name);
		if (entry === undefined) {
			this.#makeRoom();
			entry = new ChannelEntry(name);
			this.#channels.set(name, entry);
		}
		return entry;
	}

	leave(name: string, connection: number): void {
		const entry = this.#channels.get(name);
		entry?.members.delete(connection);
		if (entry?.members.size === 0) entry.empty();
	}

	get infos(): ChannelInfo[] {
		return [...this.#channels.values()].map(({ info }) => info);
	}

	/** Forgets the oldest channel without members. */
	#makeRoom(): void {
		if (this.#channels.size < MAX_CHANNELS) return;
		for (const [name, { members }] of this.#channels) {
			if (members.size > 0) continue;
			this.#channels.delete(name);
			return;
		}
	}
}
