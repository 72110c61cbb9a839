import { BROKEN_ORDER } from '../protocol/constants.ts';
import { type ErrorData, RealtimeError } from '../protocol/errors.ts';
import type { Data } from '../protocol/frame-content.ts';
import type { ServerParts } from '../protocol/frame-parts.ts';
import type { JoinedDetails } from '../protocol/server-frames.ts';
import { onAbort } from './base/abort.ts';
import type { Clock } from './base/clock.ts';
import { closed, failure } from './base/failure.ts';
import { BUFFER_SIZE, CAST_INTERVAL, MEETING_TIMEOUT, MOST_UNANSWERED } from './base/limits.ts';
import { call } from './base/report.ts';
import type { Status } from './base/types.ts';
import type { Carried, Connection } from './connection.ts';
import { LOST, type Participant, positionOf, type Sending, UNSENT } from './participant.ts';
import type { PresencePart, RoomPresence } from './presence.ts';

/** The part of the client that rooms and handles share. */
export interface Shared {
	readonly clock: Clock;
	/** Absent in the client of a site without presence. */
	readonly presence: PresencePart | undefined;
	/** The messages of all handles that are not answered. */
	readonly waiting: Set<Sending>;
	/** A new number for a join or a message. */
	next(): number;
}

/**
 * One join of a channel, for all handles with the same parameters.
 *
 * Each handle has a position of its own. A handle takes a message if the one before it is the one
 * that the handle has. So handles at different positions share one stream of messages: the room
 * joins with the position of one of them, and the others wait until the stream reaches theirs. If
 * it does not in time, because positions are opaque and it began behind theirs, the room joins again
 * with the position of a handle that waits.
 */
export interface Room extends HandleRoom, Carried {
	readonly handles: ReadonlySet<Participant>;
}

/** A room, as a handle sees it. */
export interface HandleRoom {
	readonly presence: RoomPresence | undefined;
	add(participant: Participant): void;
	/** The join ends with the last one. */
	remove(participant: Participant): void;
	/**
	 * Sends a message now, or when the channel is joined.
	 *
	 * @returns a promise of the result, undefined for an ephemeral message.
	 * @throws RealtimeError if it cannot be sent.
	 */
	send(
		sender: Participant,
		name: string,
		data: Data,
		timeout: number,
		signal: AbortSignal | undefined,
	): Promise<unknown> | undefined;
}

/** @param ended Called when the last handle has gone. */
export function createRoom(
	{ clock, presence: part, waiting, next }: Shared,
	connection: Connection,
	name: string,
	params: Readonly<Record<string, string>>,
	ended: () => void,
): Room {
	const handles = new Set<Participant>();
	/** The newest ephemeral message of each name that waits for the join, or for its turn. */
	const casts = new Map<string, Data>();
	/** Set while ephemeral messages wait for their turn. */
	let cancelPause: (() => void) | undefined;
	/** The ref of the join, 0 for none. */
	let ref = 0;
	/** The number of the channel, 0 while it is not joined. */
	let channel = 0;
	/** The server's newest answer to a join. */
	let details: JoinedDetails | undefined;
	/** The position of the stream of messages, empty while the channel is not joined. */
	let head = '';
	/** What the room joined with, until the first message: handles that have the same shared it. */
	let asked: Participant['since'];
	/** Set while the join is refused, with `retryAt` if it is tried again. */
	let refused: Status | undefined;
	/** Cancels what waits: for the position of a handle while joined, for the next attempt else. */
	let cancelTimer = (): void => {};
	const presence = part?.ofRoom(clock, handles, (data) => connection.send(['presence', ref, data]));

	function join(participant: Participant | undefined = firstWaiting()): void {
		if (!participant || refused || !connection.isUp()) return;
		ref = next();
		asked = participant.since;
		connection.send([
			'join',
			ref,
			name,
			params,
			{
				...(typeof asked === 'number' ? { last: asked } : { since: asked }),
				presence: presence?.join(),
			},
		]);
	}

	/** The join has ended. What still arrives for it finds no room. */
	function reset(): void {
		ref = channel = 0;
		head = '';
		cancelTimer();
		presence?.end();
	}

	function leave(): void {
		// The newest ones do not wait for their turn then.
		sendCasts();
		if (ref) connection.send(['leave', ref]);
		reset();
	}

	function waitingHere(): readonly Sending[] {
		return [...waiting].filter(({ sender }) => handles.has(sender));
	}

	function end(error: RealtimeError): void {
		for (const sending of waitingHere()) sending.end(error);
		casts.clear();
		tell();
	}

	function tell(): void {
		for (const { status: store } of handles) {
			// Anew for each one: a listener of an earlier one may have joined.
			let status = refused ?? connection.status.value;
			if (status.state === 'open' && !channel) status = { ...status, state: 'connecting' };
			const { state, isOutdated } = store.value;
			// The objects of other states are the same if they are equal.
			const isSame =
				status.state === 'connecting' && state === status.state && isOutdated === status.isOutdated;
			if (!isSame) store.set(status);
		}
	}

	/** Frames with the ref of the join. */
	const answers: Receivers<'joined' | 'refused' | 'left' | 'reply' | 'error'> = {
		__proto__: null,
		joined,
		refused: refuse,
		left: refuse,
		reply: (id, result) => find(id)?.end(undefined, result),
		error: (id, error) => find(id)?.end(new RealtimeError(error)),
	};

	/** Frames with the number of the channel. */
	const news: Receivers<'event' | 'snapshot' | 'cast' | 'gap'> = {
		__proto__: null,
		event(position, previous, ...message) {
			if (previous === head) deliver(advance(position), false, position, ...message);
			else connection.fail(BROKEN_ORDER);
		},
		snapshot(position, ...message) {
			deliver(advance(position, asked), true, position, ...message);
		},
		cast(from, ...message) {
			deliver([...handles], false, undefined, undefined, from, undefined, ...message);
		},
		gap(reason, position) {
			for (const participant of advance(position, asked)) {
				// An earlier one may have left it.
				if (handles.has(participant)) call(participant.onGap, { reason, position });
			}
		},
	};

	/**
	 * Goes on after a position.
	 *
	 * @param other Another position whose handles go on with those that are where the stream is.
	 * @returns the handles that went on.
	 */
	function advance(position: string, other: Participant['since'] = head): readonly Participant[] {
		const concerned = [...handles].filter(({ since }) => since === head || since === other);
		head = position;
		asked = undefined;
		for (const participant of concerned) participant.since = position;
		if (!firstWaiting()) cancelTimer();
		return concerned;
	}

	/**
	 * Writes the messages that wait, up to as many as the server takes. Those of a handle that the
	 * stream has not met wait for it: their results would come before what their handlers publish.
	 * Without a join the stream is nowhere, and no handle is there.
	 */
	function write(): void {
		for (const sending of waitingHere()
			.filter(({ sender }) => sender.since === head)
			.slice(0, MOST_UNANSWERED)) {
			if (sending.ref === ref) continue;
			// What was sent before it arrives before it.
			sendCasts();
			sending.ref = ref;
			if (sending.id <= UNSENT) sending.id = next();
			connection.send(['send', ref, sending.id, sending.name], sending.data);
		}
	}

	/** Sends the newest ephemeral messages. Those that follow soon wait. */
	function sendCasts(): void {
		if (channel && casts.size) {
			// There is one pause at a time, also if it did not end by itself.
			cancelPause?.();
			cancelPause = clock.after(casts.size * CAST_INTERVAL, () => {
				cancelPause = undefined;
				sendCasts();
			});
			for (const [name, data] of casts) connection.send(['cast', ref, name], data);
			casts.clear();
		}
	}

	function find(id: number): Sending | undefined {
		return waitingHere().find((sending) => sending.id === id);
	}

	function joined(number: number, answer: JoinedDetails): void {
		channel = number;
		details = answer;
		refused = undefined;
		head = answer.position;
		for (const participant of handles) {
			if (participant.since === asked) participant.since = positionOf(participant) ?? head;
		}
		for (const sending of waitingHere()) {
			const { id, name, data } = sending;
			if (answer.ephemeral.includes(name)) {
				casts.set(name, data);
				sending.end();
			} else if (id === LOST && !answer.idempotent.includes(name)) {
				sending.end(failure('UNCERTAIN', `\`${name}\` may have been handled.`));
			}
		}
		sendCasts();
		presence?.joined();
		tell();
		// A stream that begins now meets no position of before.
		if (asked === undefined || !positionOf(firstWaiting())) joinAgain();
		else cancelTimer = clock.after(MEETING_TIMEOUT, joinAgain);
	}

	function refuse(data: ErrorData | null): void {
		if (!data) return;
		const { retryAfter = presence?.revert() } = data;
		const error = new RealtimeError(data);
		reset();
		refused = { state: 'refused', error };
		if (retryAfter === undefined) end(error);
		else {
			refused = { ...refused, retryAt: clock.now() + retryAfter };
			cancelTimer = clock.after(retryAfter, () => {
				refused = undefined;
				join();
				if (ref) tell();
			});
			tell();
		}
	}

	/** Joins with the position of a handle that waits, if one does. */
	function joinAgain(): void {
		const late = firstWaiting();
		if (late && details?.keeps) {
			leave();
			join(late);
			return;
		}
		// Another join brings nothing back that is not kept. The handles that wait go on from here.
		for (const participant of handles) {
			const missed = positionOf(participant);
			if (missed === head) continue;
			participant.since = head;
			if (missed) call(participant.onGap, { reason: 'not kept', position: head });
		}
		write();
	}

	/**
	 * Of the handles that the stream has not met, the one to join with: those without a position first,
	 * because they cannot wait for it, then the latest, because it is likely to be behind the others.
	 */
	function firstWaiting(): Participant | undefined {
		const apart = [...handles].filter(({ since }) => since !== head);
		return (
			apart.find(({ since }) => since === undefined) ??
			apart.find((participant) => !positionOf(participant)) ??
			apart.at(-1)
		);
	}

	return {
		presence,
		handles,
		join,
		end,
		tell,
		add(participant) {
			// A handle that waits is where the messages of before ended.
			const newest = positionOf(firstWaiting()) ?? head;
			// Before any is told: the last one may leave then, which ends the room.
			handles.add(participant);
			if (refused && !refused.retryAt) {
				refused = undefined;
				tell();
			}
			presence?.add(participant);
			// Live from now.
			if (channel) participant.since ??= newest;
			// Those that join in one task share the join. An island hydrates in the task in which it
			// joins, with what a server renders.
			queueMicrotask(() => {
				tell();
				presence?.show();
				if (!channel) {
					if (!ref) join();
				} else if (participant.since !== head && participant.since !== newest) joinAgain();
			});
		},
		remove(participant) {
			for (const sending of waiting) {
				if (sending.sender === participant) sending.end(closed());
			}
			handles.delete(participant);
			if (handles.size) return;
			leave();
			ended();
		},
		lost() {
			reset();
			// The next connection asks again.
			if (refused?.retryAt) refused = undefined;
		},
		forget() {
			presence?.forget();
			for (const sending of waitingHere()) sending.id &&= LOST;
		},
		take(parts) {
			const [type, number, ...rest] = parts;
			if (number === ref) {
				(answers as AnyReceivers)[type]?.(...(rest as never));
			}
			// Not before the join has succeeded.
			if (number === channel) {
				presence?.take(parts);
				(news as AnyReceivers)[type]?.(...(rest as never));
			}
			// An answer makes room for the next message, and news may be where a handle waits.
			write();
		},
		send(sender, name, data, timeout, signal) {
			const { state, error } = refused ?? connection.status.value;
			if (details?.ephemeral.includes(name)) {
				casts.set(name, data);
				if (!cancelPause) sendCasts();
				return undefined;
			}
			if (state === 'closed' || (refused && !refused.retryAt)) throw error ?? closed();
			if (waiting.size >= BUFFER_SIZE) {
				throw failure('TOO_MANY_REQUESTS', 'Too many messages.');
			}
			return new Promise((resolve, reject) => {
				const sending: Sending = {
					sender,
					name,
					data,
					id: UNSENT,
					end(error, result) {
						cancelTimeout();
						unlisten();
						waiting.delete(sending);
						if (error === undefined) resolve(result);
						else reject(error);
					},
				};
				const cancelTimeout = clock.after(timeout, () =>
					sending.end(failure('TIMEOUT', `\`${name}\` has no answer.`)),
				);
				const unlisten = onAbort(signal, () => sending.end(signal?.reason));
				waiting.add(sending);
				write();
			});
		},
	};
}

/** Functions that take frames of some types, called with what follows the type and the number. */
type Receivers<Types extends ServerParts[0]> = {
	readonly [Type in Types]: (
		...rest: RestOf<Extract<ServerParts, readonly [Type, ...unknown[]]>>
	) => void;
} & { readonly __proto__: null };
type RestOf<Parts> = Parts extends readonly [unknown, unknown, ...infer Rest] ? Rest : never;
/** As they are looked up: there may be none, and frames of other types are ignored. */
type AnyReceivers = Readonly<Record<string, ((...rest: never) => void) | null | undefined>>;

function deliver(
	handles: readonly Participant[],
	isSnapshot: boolean,
	position: string | undefined,
	at: number | undefined,
	from: string | null,
	id: string | null | undefined,
	name: string,
	data: unknown,
): void {
	const context = { id: id ?? undefined, at, position, from: from ?? undefined, isSnapshot };
	for (const participant of handles) participant.take(name, data, context);
}
