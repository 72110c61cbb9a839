import { byteLength } from '../../protocol/byte-length.ts';
import {
	changesFrame,
	type Frame,
	membersFrame,
	type PresenceChanges,
	type PresentMember,
} from '../../protocol/server-frames.ts';
import type { ChannelKey } from '../key.ts';
import { LOG_RETRY, MAX_LISTED_BYTES, MAX_LISTED_MEMBERS, PRESENCE_INTERVAL } from '../limits.ts';
import type { Ports, PresenceEntry } from '../ports.ts';
import type { ChannelPresence, PresenceInit } from '../rules.ts';
import { presentMembers } from './present.ts';

/** Who was present when members were told last. */
interface Told {
	readonly members: ReadonlyMap<string, PresentMember>;
	/** The members as JSON by their id. Undefined if the count alone was told. */
	readonly texts: ReadonlyMap<string, string> | undefined;
}

/**
 * Follows the roster of a channel and tells its members of changes, gathered for 250 ms. Everyone
 * is told the same: a member that joins gets what was told last, and the next changes with all
 * others.
 */
export class Presence implements ChannelPresence {
	readonly #key: ChannelKey;
	readonly #ports: Ports;
	readonly #number: number;
	readonly #of: () => 'user' | 'connection';
	readonly #tell: (frame: Frame) => void;
	/** The connections present, in the order of their last change. */
	#entries = new Map<string, PresenceEntry>();
	#told: Told = { members: new Map(), texts: new Map() };
	#opening: Promise<void> | undefined;
	/** Changes that arrived while the roster is read. */
	#missed: (() => void)[] | undefined;
	/** Whether changes may have been missed since it was asked. */
	#isStale = false;
	#cancel: (() => void) | undefined;
	#isClosed = false;

	constructor(init: PresenceInit) {
		this.#key = init.key;
		this.#ports = init.ports;
		this.#number = init.number;
		this.#of = init.of;
		this.#tell = init.tell;
	}

	open(): Promise<void> {
		this.#opening ??= this.#read().then(
			() => {
				this.#told = this.#shown();
			},
			(error: unknown) => {
				this.#opening = undefined;
				throw error;
			},
		);
		return this.#opening;
	}

	close(): void {
		this.#isClosed = true;
		this.#cancel?.();
	}

	state(): Frame {
		const { members, texts } = this.#told;
		const list = texts === undefined ? null : [...members.values()];
		return membersFrame(this.#number, list, members.size);
	}

	sinceOf(id: string): number | undefined {
		return this.#told.members.get(id)?.since;
	}

	entered(entry: PresenceEntry): void {
		this.#change(() => {
			this.#entries.delete(entry.id);
			this.#entries.set(entry.id, entry);
		});
	}

	departed(id: string): void {
		this.#change(() => {
			this.#entries.delete(id);
		});
	}

	interrupted(): void {
		this.#isStale = true;
		if (this.#opening === undefined || this.#missed !== undefined || this.#isClosed) return;
		const { host } = this.#ports;
		const again = (): void => this.interrupted();
		host.waitUntil(
			this.#read().then(
				() => this.#schedule(),
				(error: unknown) => {
					host.report('A realtime channel cannot read who is present', error);
					host.alarm(LOG_RETRY, again);
				},
			),
		);
	}

	async #read(): Promise<void> {
		const missed: (() => void)[] = [];
		this.#missed = missed;
		try {
			do {
				this.#isStale = false;
				// Those that arrived by now are in what is read.
				missed.length = 0;
				const present = await this.#ports.roster.present(this.#key);
				this.#entries = new Map(present.map((entry) => [entry.id, entry]));
			} while (this.#isStale);
		} finally {
			this.#missed = undefined;
		}
		for (const change of missed) change();
	}

	#change(change: () => void): void {
		if (this.#missed !== undefined) this.#missed.push(change);
		else change();
		this.#schedule();
	}

	#schedule(): void {
		if (this.#isClosed) return;
		this.#cancel ??= this.#ports.host.alarm(PRESENCE_INTERVAL, () => {
			this.#cancel = undefined;
			this.#flush();
		});
	}

	#flush(): void {
		const before = this.#told;
		const now = this.#shown();
		this.#told = now;
		const { size } = now.members;
		if (before.texts !== undefined && now.texts !== undefined) {
			const changes = changesBetween(before.texts, now.texts, now.members);
			const { joined, changed, left } = changes;
			if (joined.length + changed.length + left.length === 0) return;
			this.#tell(changesFrame(this.#number, changes, size));
		} else if (before.texts !== now.texts || before.members.size !== size) {
			this.#tell(this.state());
		}
	}

	#shown(): Told {
		const members = presentMembers(this.#entries.values(), this.#of());
		return { members, texts: listedTexts(members) };
	}
}

/** The members as JSON. Undefined if there are too many to list, or their data are too large. */
function listedTexts(
	members: ReadonlyMap<string, PresentMember>,
): ReadonlyMap<string, string> | undefined {
	if (members.size > MAX_LISTED_MEMBERS) return undefined;
	const texts = new Map<string, string>();
	let left = MAX_LISTED_BYTES;
	for (const [id, member] of members) {
		const text = JSON.stringify(member);
		left -= byteLength(text);
		if (left < 0) return undefined;
		texts.set(id, text);
	}
	return texts;
}

function changesBetween(
	before: ReadonlyMap<string, string>,
	now: ReadonlyMap<string, string>,
	members: ReadonlyMap<string, PresentMember>,
): PresenceChanges {
	const joined: PresentMember[] = [];
	const changed: PresentMember[] = [];
	for (const [id, member] of members) {
		const old = before.get(id);
		if (old === undefined) joined.push(member);
		else if (old !== now.get(id)) changed.push(member);
	}
	const left = [...before.keys()].filter((id) => !members.has(id));
	return { joined, changed, left };
}
