import { MAX_MESSAGE_BYTES } from '../channel/limits.ts';
import type { Member } from '../channel/members/member.ts';
import type { Link } from '../channel/ports.ts';
import { WAITING } from '../channel/refusals.ts';
import { checkSize } from '../channel/size.ts';
import type { User } from '../define/handling/user.ts';
import { SHORT_FORM_MESSAGE } from '../define/short-form.ts';
import { byteLength, isLarger } from '../protocol/byte-length.ts';
import { EPHEMERAL_LIMIT, SLOW_CONSUMER, UNACKNOWLEDGED_LIMIT } from '../protocol/constants.ts';
import { isTooDeep } from '../protocol/depth.ts';
import { type ErrorData, errorData, isRealtimeError, RealtimeError } from '../protocol/errors.ts';
import type { Data, Frame } from '../protocol/server-frames.ts';
import type { Admission } from './admission.ts';
import { Connection, type ConnectionSocket } from './connection.ts';
import type { Hub } from './hub.ts';
import { TRY_AGAIN_LATER } from './limits.ts';
import { plainFrame, rawMessage } from './plain-frames.ts';
import type { PlainRecord } from './record.ts';
import type { Target } from './targets.ts';

/** The socket of a plain client. */
export interface PlainSocket extends ConnectionSocket<PlainRecord> {
	/** Bytes that were not sent yet. */
	readonly bufferedAmount: number;
}

/** The close code of a client that the site disconnected. */
export const DISCONNECTED: number = 4403;

/** The ref of the only join. */
const REF = 1;

/** The connection of a client without the protocol. It is in one channel. */
export class PlainConnection extends Connection<PlainRecord, PlainSocket> implements Link {
	readonly #admission: Admission;
	readonly #isShort: boolean;
	/** Messages that arrived before the join. */
	#early: (string | ArrayBuffer)[] = [];
	#earlyBytes = 0;
	#member: Member | undefined;
	#messages = 0;
	/** The client's own ids of messages, by those of the session. */
	readonly #ids = new Map<number, unknown>();

	constructor(socket: PlainSocket, hub: Hub, user: User | undefined, admission: Admission) {
		super(socket, hub, user);
		this.#admission = admission;
		this.#isShort = admission.target.definition.form === 'short';
	}

	/** A connection of a process that slept. `Hub.resume()` follows. */
	static restore(
		socket: PlainSocket,
		hub: Hub,
		target: Target,
		{ user, session, member }: PlainRecord,
	): PlainConnection {
		const nothing = { target, history: false, join: () => undefined, cancel: () => {} };
		const connection = new PlainConnection(socket, hub, user, nothing);
		// More than any number from before: no client sends a thousand messages in a millisecond.
		connection.#messages = hub.host.now() * 1000;
		connection.opened = session;
		hub.restoreSession(session, connection);
		if (user !== undefined) hub.users.restore(user.id, connection);
		connection.#member = hub.restore(target, { link: connection, ref: REF, user }, member);
		return connection;
	}

	/** Joins the channel of the path. */
	async open(): Promise<void> {
		const { roster, host, users } = this.hub;
		try {
			const session = await roster.openSession(this.user?.id);
			if (this.hasEnded) {
				this.#admission.cancel();
				host.waitUntil(roster.suspendSession(session.secret));
				return;
			}
			this.opened = session;
			this.hub.takeSession(session, this);
			if (this.user !== undefined) users.add(this.user.id, this);
			const member = this.#admission.join({ link: this, ref: REF, user: this.user });
			if (member === undefined) {
				this.close(DISCONNECTED, 'The server ended the membership.');
				return;
			}
			this.#member = member;
			await member.admit({ mayReadHistory: this.#admission.history });
			const early = this.#early;
			this.#early = [];
			for (const message of early) this.#take(member, message);
		} catch (error) {
			if (!isRealtimeError(error)) host.report('A realtime channel cannot be joined', error);
			this.#sendError(errorData(error), undefined);
			this.close(TRY_AGAIN_LATER, 'The channel cannot be joined.');
		}
	}

	message(message: string | ArrayBuffer): void {
		if (this.hasEnded) return;
		if (this.#member?.isJoined === true) {
			this.#take(this.#member, message);
			return;
		}
		this.#earlyBytes += byteLength(message);
		if (this.#earlyBytes > UNACKNOWLEDGED_LIMIT) {
			this.close(TRY_AGAIN_LATER, WAITING.message);
		} else this.#early.push(message);
	}

	send(frame: Frame): void {
		if (this.hasEnded || (frame.isEphemeral && this.socket.bufferedAmount > EPHEMERAL_LIMIT)) {
			return;
		}
		const plain = plainFrame(frame);
		switch (plain.type) {
			case 'event': {
				const isRaw = this.#isShort || plain.data instanceof Uint8Array;
				const { name, data, isSnapshot } = plain;
				const message = { type: name, data, ...(isSnapshot && { snapshot: true }) };
				this.#write(isRaw ? rawMessage(data) : JSON.stringify(message));
				return;
			}
			case 'reply': {
				const id = this.#takeId(plain.id);
				if (this.#isShort || id === undefined) return;
				const { data } = plain;
				if (data instanceof Uint8Array) this.#write(data);
				else this.#write(JSON.stringify({ reply: id, data }));
				return;
			}
			case 'error':
				this.#sendError(plain.error, this.#takeId(plain.id));
				return;
			case 'left':
				if (plain.error !== null) this.close(DISCONNECTED, plain.error.message);
		}
	}

	ready(): undefined {}

	inbox(data: Data): void {
		const value: unknown = typeof data === 'string' ? JSON.parse(data) : data;
		this.#write(rawMessage(value));
	}

	/** Sessions of plain clients are never continued. */
	takenOver(): void {}

	protected record(): PlainRecord | undefined {
		const member = this.#member?.record;
		if (this.opened === undefined || member === undefined) return undefined;
		const { secret, id } = this.opened;
		return { user: this.user, session: { secret, id }, member };
	}

	#take(member: Member, message: string | ArrayBuffer): void {
		this.hub.counts.messages.received++;
		let id: unknown;
		try {
			const { definition } = this.#admission.target;
			const given = typeof message === 'string' ? message : new Uint8Array(message);
			// One far above the limit is not read: as JSON it could take thirty times its size.
			const isUnread = this.#isShort || isLarger(message, 2 * MAX_MESSAGE_BYTES);
			const sent = isUnread ? undefined : readPlainMessage(given);
			// An error names the message.
			id = sent?.id;
			checkSize(message, 'A message', MAX_MESSAGE_BYTES);
			if (sent === undefined) {
				const data = definition.readPlain?.(given);
				member.message({ id: this.#newId(undefined), name: SHORT_FORM_MESSAGE, data });
				return;
			}
			const isEphemeral = definition.ephemeral.includes(sent.type);
			const own = isEphemeral ? undefined : this.#newId(id);
			member.message({ id: own, name: sent.type, data: sent.data });
		} catch (error) {
			if (!isRealtimeError(error)) throw error;
			this.#sendError(errorData(error), id);
		}
	}

	#newId(id: unknown): number {
		const own = ++this.#messages;
		if (id !== undefined) this.#ids.set(own, id);
		return own;
	}

	#takeId(own: number): unknown {
		const id = this.#ids.get(own);
		this.#ids.delete(own);
		return id;
	}

	#sendError({ code, message }: ErrorData, id: unknown): void {
		const shown = this.#isShort ? { error: message } : { error: message, code };
		this.#write(JSON.stringify(id === undefined ? shown : { ...shown, id }));
	}

	#write(message: string | Uint8Array): void {
		if (this.hasEnded) return;
		if (this.socket.bufferedAmount > UNACKNOWLEDGED_LIMIT) {
			this.close(SLOW_CONSUMER, 'More than 1 MiB is unsent.');
		} else this.socket.send(message);
	}

	protected ended(wasClean: boolean): void {
		this.#early = [];
		if (this.#member === undefined) this.#admission.cancel();
		else this.#member.disconnected(wasClean);
	}
}

interface PlainMessage {
	readonly type: string;
	readonly data: unknown;
	readonly id: string | number | undefined;
}

/** @throws RealtimeError if it is not `{ type, data, id? }`. */
function readPlainMessage(message: string | Uint8Array): PlainMessage {
	let value: unknown;
	if (typeof message === 'string' && !isTooDeep(message)) {
		try {
			value = JSON.parse(message);
		} catch {}
	}
	if (typeof value === 'object' && value !== null) {
		const { type, data, id } = value as Record<string, unknown>;
		const isId = id === undefined || typeof id === 'string' || Number.isFinite(id);
		if (typeof type === 'string' && isId) {
			return { type, data, id: id as PlainMessage['id'] };
		}
	}
	throw new RealtimeError({
		code: 'BAD_REQUEST',
		message: 'A message must be JSON of the form {"type": …, "data": …, "id"?: …}.',
	});
}
