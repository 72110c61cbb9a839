/** Presence in the client. A site whose channels have none is bundled without this module. */

import { MAX_DEPTH } from '../protocol/depth.ts';
import type { ServerParts } from '../protocol/frame-parts.ts';
import type { PresenceChanges } from '../protocol/server-frames.ts';
import type { Clock } from './base/clock.ts';
import { failure } from './base/failure.ts';
import { NEWS_TIMEOUT, RETURN_TIMEOUT } from './base/limits.ts';
import { createStore } from './base/store.ts';
import type { Member } from './base/types.ts';
import type { HandlePresence, Participant } from './participant.ts';

/** What a client with presence has more than one without. */
export interface PresencePart {
	/** @param room The room that the handle is in. */
	ofHandle(
		own: unknown,
		retain: () => () => void,
		room: () => PresentRoom | undefined,
	): HandlePresence;
	/** @param send Sends this client's own data in the channel, which has to be joined. */
	ofRoom(
		clock: Clock,
		participants: Iterable<Participant>,
		send: (data: unknown) => void,
	): RoomPresence;
}

/** The frames that tell who is present. The others are not looked at. */
type PresenceParts = Extract<ServerParts, readonly ['gap' | 'members' | 'changes', ...unknown[]]>;

/** The room of a handle, as far as presence is concerned. */
interface PresentRoom {
	/** Absent in a client without presence. */
	readonly presence: RoomPresence | undefined;
}

/** The presence of a channel, for all handles with the same parameters. */
export interface RoomPresence {
	/** Takes over the own data of a handle. */
	add(participant: Participant): void;
	/** Shows the members to all handles. */
	show(): void;
	/** @returns this client's own data, which the join sends. */
	join(): unknown;
	update(data: unknown): void;
	joined(): void;
	/**
	 * A join was refused, maybe because of data that a server dropped in silence after an earlier join.
	 * Goes back to those that this one succeeded with.
	 *
	 * @returns milliseconds until the next attempt, undefined if it would be the same again.
	 */
	revert(): number | undefined;
	/** Takes a frame of the channel. */
	take(parts: ServerParts): void;
	/** The next list of members may come from a server that knows none of before. */
	forget(): void;
	/** The join has ended. */
	end(): void;
}

/** {@link PresencePart}, for clients of sites with presence. */
export const presence: PresencePart = { ofHandle, ofRoom };

function ofHandle(
	own: unknown,
	retain: () => () => void,
	room: () => PresentRoom | undefined,
): HandlePresence {
	own = checked(own);
	// Each handle has an empty list of its own: Solid's binding changes the old value of a store.
	const members = createStore<readonly Member[]>([], retain);
	const count = createStore(0, retain);
	return {
		own: () => own,
		store: Object.assign(members, {
			count,
			update(data: unknown) {
				own = checked(data);
				room()?.presence?.update(own);
			},
		}),
		show(list, total) {
			if (list.length + members.value.length > 0) members.set(list);
			count.set(total);
		},
	};
}

/**
 * A copy of presence data: what changes them later is too late.
 *
 * @throws if the server would drop the data without an answer, because there is none to presence.
 */
function checked(data: unknown): unknown {
	const copy: unknown = data && JSON.parse(JSON.stringify(data));
	// In a frame, and in the options of a join.
	if (isDeeper(copy, MAX_DEPTH - 2)) {
		throw failure('BAD_REQUEST', 'The data is nested too deep.');
	}
	return copy;
}

/** Whether a JSON value has more levels than this. */
function isDeeper(value: unknown, levels: number): boolean {
	return (
		value instanceof Object &&
		(levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)))
	);
}

function ofRoom(
	clock: Clock,
	participants: Iterable<Participant>,
	send: (data: unknown) => void,
): RoomPresence {
	let own: unknown;
	/** What the newest join was sent with, and what one succeeded with. */
	let sent: unknown;
	let accepted: unknown;
	/** Undefined before a join succeeded. */
	let isJoined: boolean | undefined;
	/** Undefined until the server tells. */
	let members: readonly Member[] | undefined;
	/** The number of members that the server tells. */
	let count = 0;
	let isForgotten = false;
	/** The users of before who may come back. They stay in the list. */
	let returning = new Set<string>();
	let cancelReturn = (): void => {};

	function show(): void {
		for (const { presence } of participants) presence?.show(members ?? [], count + returning.size);
	}

	function update(data: unknown): void {
		own = data;
		if (isJoined) send(own);
	}

	/** Those who are not back in time have left. */
	function awaitReturn(timeout: number): void {
		cancelReturn();
		if (returning.size === 0) return;
		cancelReturn = clock.after(timeout, () => {
			members = members?.filter(({ id }) => !returning.has(id));
			returning.clear();
			show();
		});
	}

	return {
		add(participant) {
			const data = participant.presence?.own();
			if (data !== undefined) update(data);
		},
		show,
		join() {
			sent = own;
			return own;
		},
		joined() {
			isJoined = true;
			accepted = sent;
			if (own !== sent) send(own);
		},
		revert() {
			if (isJoined === false && own !== accepted) {
				own = accepted;
				return 0;
			}
			return undefined;
		},
		update,
		take(parts) {
			const [type, , content, total] = parts as PresenceParts;
			if (type === 'gap') {
				if (content === 'restarted') awaitReturn(RETURN_TIMEOUT);
			} else if (type === 'members') {
				const before = members ?? [];
				returning = new Set(isForgotten && content ? absentUsers(before, content) : []);
				isForgotten = false;
				members = [...before.filter(({ id }) => returning.has(id)), ...(content ?? [])];
				count = total;
				awaitReturn(NEWS_TIMEOUT);
				show();
			} else if (type === 'changes') {
				for (const { id } of content.joined) returning.delete(id);
				members = changed(members ?? [], content);
				count = total;
				show();
			}
		},
		forget() {
			isForgotten = true;
		},
		end() {
			isJoined &&= false;
			cancelReturn();
			returning.clear();
		},
	};
}

/** The list of members after changes. The same list if nothing changed. */
function changed(
	members: readonly Member[],
	{ joined, changed, left }: PresenceChanges,
): readonly Member[] {
	const news = [...joined, ...changed];
	if (news.length + left.length === 0) return members;
	const byId = new Map(members.map((member) => [member.id, member]));
	for (const id of left) byId.delete(id);
	for (const member of news) byId.set(member.id, member);
	return [...byId.values()];
}

/** The ids of users whom a list does not have. Connections come back with other ids. */
function absentUsers(members: readonly Member[], listed: readonly Member[]): readonly string[] {
	const ids = new Set(listed.map(({ id }) => id));
	return members
		.filter(({ id, user }) => !ids.has(id) && (user as { id?: unknown } | undefined)?.id === id)
		.map(({ id }) => id);
}
