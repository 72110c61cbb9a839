import { BROKEN_ORDER } from '../protocol/constants.ts';
import { type ErrorData, RealtimeError } from '../protocol/errors.ts';
import type { Data } from '../protocol/frame-content.ts';
import type { ServerParts } from '../protocol/frame-parts.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import type { Participant, Sending } from './participant.ts';
import { applyPresence } from './presence.ts';
import { call } from './report.ts';
import type { Status } from './types.ts';

/**
 * The time in which a handle must meet its position again after a join that began elsewhere. Longer
 * than a round trip and a page of history.
 */
const MEETING_TIMEOUT = 2_000;

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
export class Room {
	readonly participants: Set<Participant> = new Set();
	readonly #rooms: Rooms;
	readonly #name: string;
	readonly #params: Readonly<Record<string, string>>;
	readonly #sendings: Set<Sending> = new Set();
	/** The newest ephemeral message of each name, while the channel is not joined. */
	readonly #casts: Map<string, Data> = new Map();
	/** The ref of the join, 0 for none. */
	#ref = 0;
	#channel = 0;
	#isJoined = false;
	/** The position of the stream of messages. */
	#position = '';
	/** The handles with whose position the room joined, until the first message. */
	#asking: readonly Participant[] = [];
	#keeps = true;
	#ephemeral: ReadonlySet<string> = new Set();
	#presence: unknown;
	#isPresenceSent = false;
	/** Set while the join is refused. */
	#error: RealtimeError | undefined;
	#retryAt: number | undefined;
	#isJoinDue = false;
	#cancelMeeting = (): void => {};
	#cancelRetry = (): void => {};

	constructor(rooms: Rooms, name: string, params: Readonly<Record<string, string>>) {
		this.#rooms = rooms;
		this.#name = name;
		this.#params = params;
	}

	add(participant: Participant): void {
		const { participants } = this;
		const other = participants.values().next().value;
		participants.add(participant);
		if (other !== undefined) {
			participant.members.set(other.members.value);
			participant.count.set(other.count.value);
		}
		if (participant.presence !== undefined) this.updatePresence(participant.presence);
		if (this.#error !== undefined && this.#retryAt === undefined) this.#error = undefined;
		if (this.#isJoined && participant.last === undefined) {
			// Live from now. A handle that waits is where the messages of before ended.
			participant.position ??= this.#waiting()?.position ?? this.#position;
		}
		this.tell();
		// Those that join in one task share the join.
		if (this.#isJoinDue || (this.#ref !== 0 && !this.#isJoined)) return;
		this.#isJoinDue = true;
		queueMicrotask(() => {
			this.#isJoinDue = false;
			if (this.#isJoined) this.#joinAgain();
			else if (this.#ref === 0 && this.#retryAt === undefined) this.join();
		});
	}

	/** @returns whether it was the last one, and the join has ended. */
	remove(participant: Participant): boolean {
		this.participants.delete(participant);
		for (const sending of this.#sendings) {
			if (sending.sender === participant) sending.reject(closedError());
		}
		if (this.participants.size > 0) return false;
		this.#leave();
		this.lost();
		return true;
	}

	/** Sends `join`, if the connection is up. */
	join(participant: Participant | undefined = this.#first()): void {
		if (participant === undefined || !this.#rooms.connection.isUp()) return;
		if (this.#error !== undefined && this.#retryAt === undefined) return;
		this.#cancelRetry();
		this.#ref = this.#rooms.next();
		this.#rooms.byRef.set(this.#ref, this);
		const { position, last } = participant;
		this.#asking = this.#all((other) => other.position === position && other.last === last);
		this.#isPresenceSent = true;
		this.#rooms.connection.send([
			'join',
			this.#ref,
			this.#name,
			this.#params,
			{
				...(position !== undefined ? { since: position } : last !== undefined && { last }),
				...(this.#presence !== undefined && { presence: this.#presence }),
			},
		]);
	}

	/** The connection is lost, or the join has ended. */
	lost(): void {
		this.#rooms.byRef.delete(this.#ref);
		this.#rooms.byChannel.delete(this.#channel);
		this.#ref = this.#channel = 0;
		this.#isJoined = false;
		this.#asking = [];
		this.#cancelMeeting();
		this.#cancelRetry();
		// The next connection asks again.
		if (this.#retryAt !== undefined) this.#error = this.#retryAt = undefined;
		this.tell();
	}

	/** The session is unknown to the server: so is what became of the messages in flight. */
	forget(): void {
		for (const sending of this.#sendings) sending.isLost = sending.id !== 0;
	}

	/** Nothing follows: all that waits is rejected. */
	end(error: RealtimeError): void {
		for (const sending of this.#sendings) sending.reject(error);
		this.#casts.clear();
		this.tell();
	}

	/** Tells the handles the state of the join. */
	tell(): void {
		const connection = this.#rooms.connection.status.value;
		let status: Status = connection;
		if (this.#error !== undefined) {
			status = {
				state: 'refused',
				error: this.#error,
				...(this.#retryAt !== undefined && { retryAt: this.#retryAt }),
			};
		} else if (connection.state === 'open' && !this.#isJoined) {
			status = { ...connection, state: 'connecting' };
		}
		for (const { status: store } of this.participants) {
			if (!isSame(store.value, status)) store.set(status);
		}
	}

	receive(parts: RoomParts): void {
		switch (parts[0]) {
			case 'joined':
				this.#joined(parts);
				break;
			case 'refused':
				this.#refused(parts[2]);
				break;
			case 'left':
				if (parts[2] !== null) this.#refused(parts[2]);
				break;
			case 'event': {
				const [, , position, previous, at, from, id, name, data] = parts;
				if (previous !== this.#position) {
					this.#rooms.connection.fail(BROKEN_ORDER);
					break;
				}
				const takers = this.#all((participant) => participant.position === previous);
				this.#advance(takers, position);
				deliver(takers, name, data, from, id, at, position);
				break;
			}
			case 'snapshot': {
				const [, , position, at, from, id, name, data] = parts;
				deliver(this.#skip(position), name, data, from, id, at, position);
				break;
			}
			case 'cast':
				deliver(this.#all(), parts[3], parts[4], parts[2]);
				break;
			case 'gap': {
				const [, , reason, position] = parts;
				for (const { onGap } of this.#skip(position)) {
					if (onGap !== undefined) call(onGap, { reason, position });
				}
				break;
			}
			case 'members':
			case 'changes':
				for (const { members, count } of this.#all()) {
					members.set(applyPresence(members.value, parts));
					count.set(parts[3]);
				}
				break;
			case 'reply':
				this.#sending(parts[2])?.resolve(parts[3]);
				break;
			case 'error':
				this.#sending(parts[2])?.reject(new RealtimeError(parts[3]));
		}
	}

	get isJoined(): boolean {
		return this.#isJoined;
	}

	/** Why messages cannot be sent, undefined if they can be sent now or later. */
	get refusal(): RealtimeError | undefined {
		const { state, error } = this.#rooms.connection.status.value;
		if (state === 'closed') return error;
		return this.#retryAt === undefined ? this.#error : undefined;
	}

	isEphemeral(name: string): boolean {
		return this.#ephemeral.has(name);
	}

	/** Sends an ephemeral message now, or as the newest of its name when the channel is joined. */
	cast(name: string, data: Data): void {
		if (this.#isJoined) this.#rooms.connection.send(['cast', this.#ref, name], data);
		else this.#casts.set(name, data);
	}

	/** Sends a message now, or when the channel is joined. */
	send(sending: Sending): void {
		this.#sendings.add(sending);
		if (this.#isJoined) this.#write(sending);
	}

	/** Takes a message out that is answered or given up. */
	settled(sending: Sending): void {
		this.#sendings.delete(sending);
	}

	updatePresence(data: unknown): void {
		this.#presence = data;
		this.#isPresenceSent = this.#isJoined;
		if (this.#isJoined) this.#rooms.connection.send(['presence', this.#ref, data]);
	}

	#joined([, , channel, details]: Extract<RoomParts, readonly ['joined', ...unknown[]]>): void {
		this.#rooms.byChannel.delete(this.#channel);
		this.#channel = channel;
		this.#rooms.byChannel.set(channel, this);
		this.#isJoined = true;
		this.#error = this.#retryAt = undefined;
		this.#position = details.position;
		const isLive = this.#asking[0]?.position === undefined && this.#asking[0]?.last === undefined;
		for (const participant of this.#asking) {
			participant.position ??= details.position;
			participant.last = undefined;
		}
		this.#keeps = details.keeps;
		this.#ephemeral = new Set(details.ephemeral);
		this.#flush(new Set(details.idempotent));
		this.tell();
		const waiting = this.#waiting();
		if (waiting === undefined) return;
		// A stream that begins now meets no position of before.
		if (isLive || waiting.position === undefined) this.#joinAgain();
		else this.#cancelMeeting = this.#rooms.clock.after(MEETING_TIMEOUT, () => this.#joinAgain());
	}

	#flush(idempotent: ReadonlySet<string>): void {
		for (const sending of [...this.#sendings]) {
			const { name, data } = sending;
			if (this.#ephemeral.has(name)) {
				this.#casts.set(name, data);
				sending.resolve();
			} else if (sending.isLost && !idempotent.has(name)) {
				sending.reject(
					new RealtimeError({
						code: 'UNCERTAIN',
						message: `The server lost track of \`${name}\`. It may have been handled.`,
					}),
				);
			} else this.#write(sending);
		}
		for (const [name, data] of this.#casts) this.cast(name, data);
		this.#casts.clear();
		if (!this.#isPresenceSent) this.updatePresence(this.#presence);
	}

	#write(sending: Sending): void {
		if (sending.id === 0 || sending.isLost) sending.id = this.#rooms.next();
		sending.isLost = false;
		this.#rooms.connection.send(['send', this.#ref, sending.id, sending.name], sending.data);
	}

	#sending(id: number): Sending | undefined {
		for (const sending of this.#sendings) {
			if (sending.id === id) return sending;
		}
		return undefined;
	}

	#refused(data: ErrorData): void {
		this.lost();
		this.#error = new RealtimeError(data);
		const { retryAfter } = data;
		if (retryAfter === undefined) {
			this.end(this.#error);
			return;
		}
		const { clock } = this.#rooms;
		this.#retryAt = clock.now() + retryAfter;
		this.#cancelRetry = clock.after(retryAfter, () => this.join());
		this.tell();
	}

	/** Joins with the position of a handle that waits, if one does. */
	#joinAgain(): void {
		const waiting = this.#waiting();
		if (waiting === undefined) return;
		if (!this.#keeps) {
			this.#pass();
			return;
		}
		this.#leave();
		this.#isJoined = false;
		this.join(waiting);
	}

	/** Another join brings nothing back that is not kept. The handles that wait go on from here. */
	#pass(): void {
		const position = this.#position;
		for (const participant of this.#all((other) => other.position !== position)) {
			const { position: missed, onGap } = participant;
			participant.position = position;
			participant.last = undefined;
			if (missed !== undefined && onGap !== undefined) {
				call(onGap, { reason: 'not kept', position });
			}
		}
	}

	#leave(): void {
		this.#cancelMeeting();
		if (this.#ref !== 0) this.#rooms.connection.send(['leave', this.#ref]);
		// What still arrives for this join finds no room.
		this.#rooms.byRef.delete(this.#ref);
		this.#rooms.byChannel.delete(this.#channel);
	}

	#all(matches: (participant: Participant) => boolean = () => true): readonly Participant[] {
		return [...this.participants].filter(matches);
	}

	/** Goes on after a position. @returns the handles that were where the stream was. */
	#skip(position: string): readonly Participant[] {
		const concerned = this.#all(
			(participant) =>
				participant.position === this.#position || this.#asking.includes(participant),
		);
		this.#advance(concerned, position);
		return concerned;
	}

	#advance(participants: readonly Participant[], position: string): void {
		this.#position = position;
		this.#asking = [];
		for (const participant of participants) participant.position = position;
		if (this.#waiting() === undefined) this.#cancelMeeting();
	}

	/** A handle that the stream has not met. Those that never joined come first. */
	#waiting(): Participant | undefined {
		return this.#first((participant) => participant.position !== this.#position);
	}

	/** The handle to join with: new ones first, because they cannot wait for a position. */
	#first(matches?: (participant: Participant) => boolean): Participant | undefined {
		const candidates = this.#all(matches);
		return (
			candidates.find(({ position, last }) => position === undefined && last === undefined) ??
			candidates.find(({ position }) => position === undefined) ??
			candidates[0]
		);
	}
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
	return new RealtimeError({ code: 'CLOSED', message: 'The channel is left.' });
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
