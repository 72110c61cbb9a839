import { BROKEN_ORDER } from '../protocol/constants.ts';
import { type ErrorData, RealtimeError } from '../protocol/errors.ts';
import type { Data } from '../protocol/frame-content.ts';
import type { ServerParts } from '../protocol/frame-parts.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import { failure } from './failure.ts';
import type { Participant, Sending } from './participant.ts';
import { absentUsers, applyPresence, type PresenceParts } from './presence.ts';
import { call } from './report.ts';
import type { Status } from './types.ts';

/**
 * Milliseconds in which a handle must meet its position again after a join that began elsewhere.
 * Kept messages follow `joined` at once, so this is longer than most of them take.
 */
const MEETING_TIMEOUT = 2_000;

/**
 * Milliseconds in which users come back to a channel that began anew, as long as a lost member stays.
 * A server that restarts forgets who was present.
 */
const RETURN_TIMEOUT = 15_000;

/** The part of the client that rooms share. */
export interface Rooms {
	readonly connection: Connection;
	readonly clock: Clock;
	/** A new number for a join or a message. */
	next(): number;
	/** The rooms by the refs of their joins, until these end. */
	readonly byRef: Map<number, Room>;
	/** The rooms by the numbers of their channels, while they are joined. */
	readonly byChannel: Map<number, Room>;
}

/** The frames that belong to a room. */
export type RoomParts = Exclude<
	ServerParts,
	readonly ['welcome' | 'inbox' | 'credit' | 'drain', ...unknown[]]
>;

/**
 * One join of a channel, for all handles with the same parameters.
 *
 * Each handle has a position of its own. A handle takes a message if the one before it is the one
 * that the handle has. So handles at different positions share one stream of messages: the room
 * joins with the position of one of them, and the others wait until the stream reaches theirs. If
 * it does not in time, because positions are opaque and it began behind theirs, the room joins again
 * with the position of a handle that waits.
 */
export interface Room {
	add(participant: Participant): void;
	/** @returns whether it was the last one, and the join has ended. */
	remove(participant: Participant): boolean;
	/** Sends `join`, if the connection is up. */
	join(): void;
	/** The connection is lost. */
	lost(): void;
	/** The session is unknown to the server: so is what became of the messages in flight. */
	forget(): void;
	/** Nothing follows: all that waits is rejected. */
	end(error: RealtimeError): void;
	/** Tells the handles the state of the join. */
	tell(): void;
	receive(parts: RoomParts): void;
	isJoined(): boolean;
	/** Why messages cannot be sent, undefined if they can be sent now or later. */
	refusal(): RealtimeError | undefined;
	isEphemeral(name: string): boolean;
	/** Sends an ephemeral message now, or as the newest of its name when the channel is joined. */
	cast(name: string, data: Data): void;
	/** Sends a message now, or when the channel is joined. */
	send(sending: Sending): void;
	/** Takes a message out that is answered or given up. */
	settled(sending: Sending): void;
	updatePresence(data: unknown): void;
}

export function createRoom(
	rooms: Rooms,
	name: string,
	params: Readonly<Record<string, string>>,
): Room {
	const { connection, clock } = rooms;
	const participants: Set<Participant> = new Set();
	const sendings: Set<Sending> = new Set();
	/** The newest ephemeral message of each name, while the channel is not joined. */
	const casts: Map<string, Data> = new Map();
	/** The ref of the join, 0 for none. */
	let ref = 0;
	let channelNumber = 0;
	let isJoined = false;
	/** The position of the stream of messages. */
	let head = '';
	/** The handles with whose position the room joined, until the first message. */
	let asking: readonly Participant[] = [];
	let keeps = true;
	let ephemeral: ReadonlySet<string> = new Set();
	let ownPresence: unknown;
	let isPresenceSent = false;
	/** Set while the join is refused. */
	let refusedWith: RealtimeError | undefined;
	let retryAt: number | undefined;
	/** Whether the next list of members may come from a server that knows none of before. */
	let isForgotten = false;
	/** The users of before who may come back. */
	const returning: Set<string> = new Set();
	let cancelReturn = (): void => {};
	let cancelMeeting = (): void => {};
	let cancelRetry = (): void => {};

	function add(participant: Participant): void {
		const other = participants.values().next().value;
		// A handle that waits is where the messages of before ended.
		const newest = firstWaiting()?.position ?? head;
		participants.add(participant);
		if (other !== undefined) {
			participant.members.set(other.members.value);
			participant.count.set(other.count.value);
		}
		if (participant.presence !== undefined) updatePresence(participant.presence);
		if (refusedWith !== undefined && retryAt === undefined) refusedWith = undefined;
		// Live from now.
		if (isJoined && participant.last === undefined) participant.position ??= newest;
		tell();
		if (isJoined && (participant.position === head || participant.position === newest)) return;
		// Those that join in one task share the join.
		queueMicrotask(() => {
			if (isJoined) joinAgain();
			else if (ref === 0 && retryAt === undefined) join();
		});
	}

	function remove(participant: Participant): boolean {
		participants.delete(participant);
		for (const sending of sendings) {
			if (sending.sender === participant) sending.reject(closedError());
		}
		if (participants.size > 0) return false;
		leave();
		lost();
		return true;
	}

	function join(participant: Participant | undefined = first()): void {
		if (participant === undefined || !connection.isUp()) return;
		if (refusedWith !== undefined && retryAt === undefined) return;
		cancelRetry();
		ref = rooms.next();
		rooms.byRef.set(ref, room);
		const { position, last } = participant;
		asking = those(
			(other) => other.position === position && (position !== undefined || other.last === last),
		);
		isPresenceSent = true;
		connection.send([
			'join',
			ref,
			name,
			params,
			{
				...(position !== undefined ? { since: position } : last !== undefined && { last }),
				...(ownPresence !== undefined && { presence: ownPresence }),
			},
		]);
	}

	/** The connection is lost, or the join has ended. */
	function lost(): void {
		rooms.byRef.delete(ref);
		rooms.byChannel.delete(channelNumber);
		ref = channelNumber = 0;
		isJoined = false;
		asking = [];
		cancelMeeting();
		cancelRetry();
		cancelReturn();
		returning.clear();
		// The next connection asks again.
		if (retryAt !== undefined) refusedWith = retryAt = undefined;
		tell();
	}

	function forget(): void {
		isForgotten = true;
		for (const sending of sendings) sending.isLost = sending.id !== 0;
	}

	function end(error: RealtimeError): void {
		for (const sending of sendings) sending.reject(error);
		casts.clear();
		tell();
	}

	function tell(): void {
		let status = connection.status.value;
		if (refusedWith !== undefined) {
			status = {
				state: 'refused',
				error: refusedWith,
				...(retryAt !== undefined && { retryAt }),
			};
		} else if (status.state === 'open' && !isJoined) status = { ...status, state: 'connecting' };
		for (const { status: store } of participants) {
			if (!isSame(store.value, status)) store.set(status);
		}
	}

	function receive(parts: RoomParts): void {
		switch (parts[0]) {
			case 'joined':
				joined(parts);
				break;
			case 'refused':
				refused(parts[2]);
				break;
			case 'left':
				if (parts[2] !== null) refused(parts[2]);
				break;
			case 'event': {
				const [, , position, previous, at, from, id, name, data] = parts;
				if (previous !== head) {
					connection.fail(BROKEN_ORDER);
					break;
				}
				const takers = those((participant) => participant.position === previous);
				advance(takers, position);
				deliver(takers, name, data, from, id, at, position);
				break;
			}
			case 'snapshot': {
				const [, , position, at, from, id, name, data] = parts;
				deliver(skip(position), name, data, from, id, at, position);
				break;
			}
			case 'cast':
				deliver(those(), parts[3], parts[4], parts[2]);
				break;
			case 'gap': {
				const [, , reason, position] = parts;
				if (reason === 'restarted') awaitReturn(RETURN_TIMEOUT);
				for (const { onGap } of skip(position)) {
					if (onGap !== undefined) call(onGap, { reason, position });
				}
				break;
			}
			case 'members':
			case 'changes':
				showPresence(parts);
				break;
			case 'reply':
				findSending(parts[2])?.resolve(parts[3]);
				break;
			case 'error':
				findSending(parts[2])?.reject(new RealtimeError(parts[3]));
		}
	}

	function showPresence(parts: PresenceParts): void {
		if (parts[0] === 'members') {
			returning.clear();
			const listed = parts[2];
			if (isForgotten && listed !== null) {
				for (const { members } of those()) {
					for (const id of absentUsers(members.value, listed)) returning.add(id);
				}
			}
			isForgotten = false;
			// Whether the channel began anew, its `gap` tells soon.
			awaitReturn(MEETING_TIMEOUT);
		} else {
			for (const { id } of parts[2].joined) returning.delete(id);
		}
		for (const { members, count } of those()) {
			members.set(applyPresence(members.value, parts, returning));
			count.set(parts[3] + returning.size);
		}
	}

	/** Those who are not back in time have left. */
	function awaitReturn(timeout: number): void {
		cancelReturn();
		if (returning.size === 0) return;
		cancelReturn = clock.after(timeout, () => {
			for (const { members, count } of those()) {
				members.set(members.value.filter(({ id }) => !returning.has(id)));
				count.set(count.value - returning.size);
			}
			returning.clear();
		});
	}

	function refusal(): RealtimeError | undefined {
		const { state, error } = connection.status.value;
		if (state === 'closed') return error ?? failure('CLOSED', 'The client is closed.');
		return retryAt === undefined ? refusedWith : undefined;
	}

	function cast(name: string, data: Data): void {
		if (isJoined) connection.send(['cast', ref, name], data);
		else casts.set(name, data);
	}

	function send(sending: Sending): void {
		sendings.add(sending);
		if (isJoined) write(sending);
	}

	function updatePresence(data: unknown): void {
		ownPresence = data;
		isPresenceSent = isJoined;
		if (isJoined) connection.send(['presence', ref, data]);
	}

	function joined([, , channel, details]: Extract<
		RoomParts,
		readonly ['joined', ...unknown[]]
	>): void {
		rooms.byChannel.delete(channelNumber);
		channelNumber = channel;
		rooms.byChannel.set(channel, room);
		isJoined = true;
		refusedWith = retryAt = undefined;
		head = details.position;
		const isLive = asking[0]?.position === undefined && asking[0]?.last === undefined;
		for (const participant of asking) participant.position ??= details.position;
		keeps = details.keeps;
		ephemeral = new Set(details.ephemeral);
		flush(new Set(details.idempotent));
		tell();
		const waiting = firstWaiting();
		if (waiting === undefined) return;
		// A stream that begins now meets no position of before.
		if (isLive || waiting.position === undefined) joinAgain();
		else cancelMeeting = clock.after(MEETING_TIMEOUT, joinAgain);
	}

	function flush(idempotent: ReadonlySet<string>): void {
		for (const sending of [...sendings]) {
			const { name, data } = sending;
			if (ephemeral.has(name)) {
				casts.set(name, data);
				sending.resolve();
			} else if (sending.isLost && !idempotent.has(name)) {
				sending.reject(
					failure('UNCERTAIN', `The server lost track of \`${name}\`. It may have been handled.`),
				);
			} else write(sending);
		}
		for (const [name, data] of casts) cast(name, data);
		casts.clear();
		if (!isPresenceSent) updatePresence(ownPresence);
	}

	function write(sending: Sending): void {
		if (sending.id === 0 || sending.isLost) sending.id = rooms.next();
		sending.isLost = false;
		connection.send(['send', ref, sending.id, sending.name], sending.data);
	}

	function findSending(id: number): Sending | undefined {
		for (const sending of sendings) {
			if (sending.id === id) return sending;
		}
		return undefined;
	}

	function refused(data: ErrorData): void {
		lost();
		refusedWith = new RealtimeError(data);
		const { retryAfter } = data;
		if (retryAfter === undefined) {
			end(refusedWith);
			return;
		}
		retryAt = clock.now() + retryAfter;
		cancelRetry = clock.after(retryAfter, () => join());
		tell();
	}

	/** Joins with the position of a handle that waits, if one does. */
	function joinAgain(): void {
		const waiting = firstWaiting();
		if (waiting === undefined) return;
		if (!keeps) {
			pass();
			return;
		}
		leave();
		isJoined = false;
		join(waiting);
	}

	/** Another join brings nothing back that is not kept. The handles that wait go on from here. */
	function pass(): void {
		for (const participant of those((other) => other.position !== head)) {
			const { position: missed, onGap } = participant;
			participant.position = head;
			if (missed !== undefined && onGap !== undefined) {
				call(onGap, { reason: 'not kept', position: head });
			}
		}
	}

	function leave(): void {
		cancelMeeting();
		if (ref !== 0) connection.send(['leave', ref]);
		// What still arrives for this join finds no room.
		rooms.byRef.delete(ref);
		rooms.byChannel.delete(channelNumber);
	}

	function those(
		matches: (participant: Participant) => boolean = () => true,
	): readonly Participant[] {
		return [...participants].filter(matches);
	}

	/** Goes on after a position. @returns the handles that were where the stream was. */
	function skip(position: string): readonly Participant[] {
		const concerned = those(
			(participant) => participant.position === head || asking.includes(participant),
		);
		advance(concerned, position);
		return concerned;
	}

	function advance(participants: readonly Participant[], position: string): void {
		head = position;
		asking = [];
		for (const participant of participants) participant.position = position;
		if (firstWaiting() === undefined) cancelMeeting();
	}

	/** A handle that the stream has not met. Those that never joined come first. */
	function firstWaiting(): Participant | undefined {
		return first((participant) => participant.position !== head);
	}

	/**
	 * The handle to join with: those without a position first, because they cannot wait for it, then
	 * the latest, because it is likely to be behind the others.
	 */
	function first(matches?: (participant: Participant) => boolean): Participant | undefined {
		const candidates = those(matches);
		return (
			candidates.find(({ position, last }) => position === undefined && last === undefined) ??
			candidates.find(({ position }) => position === undefined) ??
			candidates.at(-1)
		);
	}

	const room: Room = {
		add,
		remove,
		join,
		lost,
		forget,
		end,
		tell,
		receive,
		isJoined: () => isJoined,
		refusal,
		isEphemeral: (message) => ephemeral.has(message),
		cast,
		send,
		settled: (sending) => sendings.delete(sending),
		updatePresence,
	};
	return room;
}

function isSame(a: Status, b: Status): boolean {
	return (
		a.state === b.state &&
		a.error === b.error &&
		a.retryAt === b.retryAt &&
		a.isOutdated === b.isOutdated
	);
}

export function closedError(): RealtimeError {
	return failure('CLOSED', 'The channel is left.');
}

function deliver(
	participants: readonly Participant[],
	name: string,
	data: unknown,
	from: string | null,
	id?: string | null,
	at?: number,
	position?: string,
): void {
	const context = { id: id ?? undefined, at, position, from: from ?? undefined };
	for (const participant of participants) participant.take(name, data, context);
}
