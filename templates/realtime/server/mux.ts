import type { ChannelKey } from '../channel/key.ts';
import { MAX_MESSAGE_BYTES, MAX_WAITING } from '../channel/limits.ts';
import type { Member } from '../channel/members/member.ts';
import type { SentMessage } from '../channel/messages/messages.ts';
import type { Session } from '../channel/ports.ts';
import { tooLarge, tooMany, UNAVAILABLE, WAITING } from '../channel/refusals.ts';
import { TokenBucket } from '../channel/token-bucket.ts';
import type { User } from '../define/handling/user.ts';
import { byteLength, isLarger } from '../protocol/byte-length.ts';
import { type ClientFrame, FrameError, readClientFrame } from '../protocol/client-frames.ts';
import { MALFORMED_FRAME, PING, PONG, SESSION_TAKEN } from '../protocol/constants.ts';
import { isTooDeep, MAX_DEPTH } from '../protocol/depth.ts';
import { type ErrorData, isRealtimeError } from '../protocol/errors.ts';
import {
	type Data,
	errorFrame,
	inboxFrame,
	leftFrame,
	refusedFrame,
	welcomeFrame,
} from '../protocol/server-frames.ts';
import { type Admission, joinError, NOT_JOINABLE } from './admission.ts';
import { CreditedLink, type MuxSocket } from './credited-link.ts';
import { Credits } from './credits.ts';
import type { Hub } from './hub.ts';
import {
	JOINS_PER_SECOND,
	MAX_CHANNELS,
	MAX_EARLY_BYTES,
	REFUSED_JOIN,
	TRY_AGAIN_LATER,
} from './limits.ts';
import { PresenceUpdates } from './presence-updates.ts';
import type { MuxRecord, Passage } from './record.ts';
import { findTarget, type Target, targetOf } from './targets.ts';
import { UsedRefs } from './used-refs.ts';

/** A join of this connection. */
interface Join {
	readonly ref: number;
	/** Set once the channel is known to exist. */
	key: ChannelKey | undefined;
	/** Set once the site allowed the join. */
	member: Member | undefined;
	/** Messages that wait for the site's answer. */
	readonly early: SentMessage[];
	/** Made for the first presence data: most members never change them. */
	presence: PresenceUpdates | undefined;
	hasEnded: boolean;
}

type JoinFrame = ClientFrame & { readonly type: 'join' };

/** A frame whose data is not used. */
interface UnusableFrame {
	readonly type: 'unusable';
	readonly frame: ClientFrame;
	readonly error: ErrorData;
}

/** One socket of a page, which carries all of its channels. */
export class Mux extends CreditedLink {
	#passage: Passage | undefined;
	#refs = new UsedRefs();
	readonly #joins = new Map<number, Join>();
	readonly #joinRate: TokenBucket;
	/** Frames that wait for the answer to `hello`, and their size in bytes. */
	#early: (ClientFrame | UnusableFrame)[] | undefined;
	#earlyBytes = 0;

	constructor(socket: MuxSocket, hub: Hub, user: User | undefined, passage?: Passage) {
		super(socket, hub, user);
		this.#passage = passage;
		// A client that reconnects joins all of its channels at once.
		this.#joinRate = new TokenBucket(JOINS_PER_SECOND, MAX_CHANNELS, hub.host.now());
	}

	/** A connection of a process that slept. `Hub.resume()` follows. */
	static restore(socket: MuxSocket, hub: Hub, record: MuxRecord): Mux {
		const mux = new Mux(socket, hub, record.user, record.passage);
		mux.#restore(record);
		return mux;
	}

	/** Takes a message of the client. */
	message(message: string | ArrayBuffer): void {
		if (this.hasEnded) return;
		if (message === PING) {
			this.socket.send(PONG);
			return;
		}
		try {
			this.#take(readFrame(message), message);
		} catch (error) {
			if (!(error instanceof FrameError)) throw error;
			this.close(MALFORMED_FRAME, error.message);
		}
	}

	inbox(data: Data): void {
		this.send(inboxFrame(data));
	}

	/** The site disconnects a user. What was decided before does not count any more. */
	withdraw(userId: string): void {
		if (this.user?.id !== userId || this.#passage?.allowed === undefined) return;
		this.#passage = { key: this.#passage.key };
		this.changed();
	}

	/** Another connection continues the session. */
	takenOver(): void {
		this.isTakenOver = true;
		this.close(SESSION_TAKEN, 'Another connection continued the session.');
	}

	/** Whether messages to the user come here. A connection that came for a channel has none. */
	get #hasInbox(): boolean {
		return this.#passage?.key === undefined;
	}

	protected record(): MuxRecord {
		const joins = [...this.#joins.values()];
		return {
			user: this.user,
			session: this.opened && { secret: this.opened.secret, id: this.opened.id },
			lastRef: this.#refs.highest,
			joins: joins.flatMap(({ ref, key, member }) => {
				const record = member?.record;
				if (key === undefined || record === undefined) return [];
				return [{ ref, key: this.#passage ? undefined : key, member: record }];
			}),
			credits: this.credits.record(),
			takesLines: this.takesLines,
			owesAnswer: joins.some(({ member }) => member === undefined || member.owesAnswer),
			passage: this.#passage,
		};
	}

	#restore({ session, lastRef, joins, credits, takesLines, owesAnswer }: MuxRecord): void {
		this.takesLines = takesLines === true;
		this.credits = new Credits(credits);
		this.#refs = new UsedRefs(lastRef);
		if (session === undefined) return;
		this.opened = session;
		this.hub.restoreSession(session, this);
		if (this.user !== undefined && this.#hasInbox) this.hub.users.restore(this.user.id, this);
		for (const { ref, key = this.#passage?.key ?? '', member: record } of joins) {
			const target = targetOf(this.hub.site, key);
			// Its file is gone.
			if (target === undefined) {
				this.send(leftFrame(ref, NOT_JOINABLE));
				continue;
			}
			const join = joinOf(ref);
			join.key = key;
			join.member = this.hub.restore(target, { link: this, ref, user: this.user }, record);
			this.#joins.set(ref, join);
		}
		if (owesAnswer) this.close(TRY_AGAIN_LATER, 'The server slept. Send again what it owes.');
	}

	#take(frame: ClientFrame | UnusableFrame, message: string | ArrayBuffer): void {
		if (this.opened === undefined && this.#early === undefined) {
			if (frame.type !== 'hello') throw new FrameError('The first frame is not `hello`.');
			this.#early = [];
			this.takesLines = frame.lines === true;
			this.hub.host.waitUntil(this.#open(frame));
			return;
		}
		if (frame.type === 'hello') throw new FrameError('A frame `hello` was sent twice.');
		if (this.#early === undefined) {
			this.#handle(frame);
			return;
		}
		this.#earlyBytes += byteLength(message);
		if (this.#earlyBytes > MAX_EARLY_BYTES) {
			this.close(TRY_AGAIN_LATER, 'Too many frames wait for `welcome`.');
		} else this.#early.push(frame);
	}

	/** Opens the session, or continues an earlier one. */
	async #open(hello: ClientFrame & { readonly type: 'hello' }): Promise<void> {
		const { roster, host } = this.hub;
		const userId = this.user?.id;
		let resumed: Session | undefined;
		let session: Session;
		try {
			if (hello.session !== undefined) {
				resumed = await roster.resumeSession(hello.session, userId);
			}
			session = resumed ?? (await roster.openSession(userId));
		} catch (error) {
			host.report('A realtime session cannot be opened', error);
			this.close(TRY_AGAIN_LATER, UNAVAILABLE.message);
			return;
		}
		if (this.hasEnded) {
			host.waitUntil(roster.suspendSession(session.secret));
			return;
		}
		// The members of the older connection depart before those of this one enter.
		this.hub.takeSession(session, this);
		this.opened = session;
		this.hub.counts.sessions[resumed === undefined ? 'opened' : 'resumed']++;
		if (userId !== undefined && this.#hasInbox) this.hub.users.add(userId, this);
		const { version } = this.hub;
		this.changed();
		this.send(welcomeFrame({ session: session.secret, isResumed: resumed !== undefined, version }));
		const early = this.#early ?? [];
		this.#early = undefined;
		try {
			for (const frame of early) if (!this.hasEnded) this.#handle(frame);
		} catch (error) {
			if (!(error instanceof FrameError)) throw error;
			this.close(MALFORMED_FRAME, error.message);
		}
	}

	#handle(frame: ClientFrame | UnusableFrame): void {
		switch (frame.type) {
			case 'join':
				this.#join(frame);
				break;
			case 'leave':
				this.#leave(frame.ref);
				break;
			case 'send':
				this.#message(frame.ref, { id: frame.id, name: frame.name, data: frame.data });
				break;
			case 'cast':
				this.#message(frame.ref, { id: undefined, name: frame.name, data: frame.data });
				break;
			case 'presence':
				this.#presence(frame.ref, frame.data);
				break;
			case 'credit':
				this.acknowledge(frame.count);
				break;
			case 'unusable':
				this.#unusable(frame);
		}
	}

	/** Only the frame itself fails, as far as the protocol has an answer to it. */
	#unusable({ frame, error }: UnusableFrame): void {
		switch (frame.type) {
			case 'join':
				this.#join(frame, error);
				break;
			case 'send':
				this.send(errorFrame(frame.ref, frame.id, error));
				break;
			case 'cast':
			case 'presence':
				break;
			default:
				throw new FrameError(error.message);
		}
	}

	/** @param error Why the join is refused in any case. */
	#join(frame: JoinFrame, error?: ErrorData): void {
		const { ref } = frame;
		if (!this.#refs.take(ref)) throw new FrameError('A frame `join` uses a `ref` twice.');
		const wait = this.#joinRate.take(this.hub.host.now());
		if (wait > 0) {
			this.#refuse(
				ref,
				tooMany(`A connection can join ${JOINS_PER_SECOND} channels per second.`, wait),
			);
			return;
		}
		if (error !== undefined) {
			this.#refuse(ref, error);
			return;
		}
		if (this.#joins.size >= MAX_CHANNELS) this.#forgetEnded();
		if (this.#joins.size >= MAX_CHANNELS) {
			this.#refuse(ref, {
				code: 'TOO_MANY_REQUESTS',
				message: `A connection can be in ${MAX_CHANNELS} channels.`,
			});
			return;
		}
		const join = joinOf(ref);
		this.#joins.set(ref, join);
		this.changed();
		this.hub.host.waitUntil(this.#decide(join, frame));
	}

	async #decide(join: Join, frame: JoinFrame): Promise<void> {
		const { ref } = join;
		const target = this.#passable(findTarget(this.hub.site, frame.name, frame.params));
		try {
			const admission = await this.hub.authorize(target, this.user, this.#takeAllowed());
			if (this.hasEnded || join.hasEnded) {
				admission?.cancel();
				return;
			}
			const member = admission?.join({ link: this, ref, user: this.user });
			if (admission === undefined || member === undefined) {
				this.#joinRate.charge(REFUSED_JOIN - 1);
				this.#drop(join, NOT_JOINABLE);
				return;
			}
			join.key = admission.target.key;
			join.member = member;
			for (const message of join.early) member.message(message);
			await this.#admit(join, member, admission, frame);
		} catch (error) {
			if (!isRealtimeError(error))
				this.hub.host.report('A realtime channel cannot be joined', error);
			if (!this.hasEnded && !join.hasEnded) this.#drop(join, joinError(error));
		}
	}

	/**
	 * A connection that came for one channel may join no other, and this one once at a time: what
	 * restores its joins has to fit beside its socket.
	 */
	#passable(target: Target | undefined): Target | undefined {
		if (this.#passage === undefined) return target;
		this.#forgetEnded();
		return this.#passage.key === target?.key && this.#joins.size === 1 ? target : undefined;
	}

	#takeAllowed(): Passage['allowed'] {
		const { key, allowed } = this.#passage ?? {};
		if (allowed !== undefined) this.#passage = { key };
		return allowed;
	}

	async #admit(join: Join, member: Member, admission: Admission, frame: JoinFrame): Promise<void> {
		await member.admit({
			since: frame.since,
			last: frame.last,
			mayReadHistory: admission.history,
			presence: frame.hasPresence ? { data: frame.presence } : undefined,
		});
		join.presence?.apply(member);
	}

	/** A join that is not allowed. Messages to it are answered first. */
	#drop(join: Join, error: ErrorData): void {
		join.hasEnded = true;
		this.#joins.delete(join.ref);
		if (join.member === undefined) {
			for (const { id } of join.early) {
				if (id !== undefined) this.send(errorFrame(join.ref, id, error));
			}
		}
		this.#refuse(join.ref, error);
		this.changed();
	}

	/** Forgets joins that the server ended. */
	#forgetEnded(): void {
		for (const [ref, { member }] of this.#joins) if (member?.hasEnded) this.#joins.delete(ref);
	}

	#refuse(ref: number, error: ErrorData): void {
		this.hub.counts.joins.refused++;
		this.send(refusedFrame(ref, error));
	}

	#leave(ref: number): void {
		const join = this.#joins.get(ref);
		// The server may have ended the join a moment before.
		if (join === undefined) return;
		join.hasEnded = true;
		this.#joins.delete(ref);
		if (join.member === undefined) this.send(leftFrame(ref, null));
		else join.member.leave();
		this.changed();
	}

	#message(ref: number, message: SentMessage): void {
		this.hub.counts.messages.received++;
		const join = this.#joins.get(ref);
		const { id } = message;
		if (join?.member !== undefined && !join.member.hasEnded) join.member.message(message);
		else if (join !== undefined && join.member === undefined && join.early.length < MAX_WAITING) {
			join.early.push(message);
		} else if (id !== undefined) {
			const isWaiting = join !== undefined && join.member === undefined;
			this.send(errorFrame(ref, id, isWaiting ? WAITING : NOT_JOINED));
		}
	}

	#presence(ref: number, data: unknown): void {
		const join = this.#joins.get(ref);
		if (join === undefined) return;
		join.presence ??= new PresenceUpdates(this.hub.host);
		join.presence.take(data);
		if (join.member?.isJoined === true) join.presence.apply(join.member);
	}

	protected ended(wasClean: boolean): void {
		this.release();
		for (const join of this.#joins.values()) {
			join.hasEnded = true;
			join.member?.disconnected(wasClean);
		}
		this.#joins.clear();
		this.goOn();
	}
}

/** @throws FrameError if the frame is malformed. */
function readFrame(message: string | ArrayBuffer): ClientFrame | UnusableFrame {
	const isText = typeof message === 'string';
	const frame = readClientFrame(isText ? readable(message) : new Uint8Array(message));
	// The limit of bytes is that of the data: a file with the size of the limit can be sent.
	const bytes = 'data' in frame && frame.data instanceof Uint8Array ? frame.data : message;
	const isLarge = isLarger(bytes, MAX_MESSAGE_BYTES);
	if (!isLarge && !(isText && isTooDeep(message))) return frame;
	return { type: 'unusable', frame, error: isLarge ? TOO_LARGE : TOO_DEEP };
}

/**
 * Of a text that is too large, the part that says what to answer. As JSON the whole could take thirty
 * times its size, and Cloudflare lets messages of 32 MiB through.
 */
function readable(text: string): string {
	return text.length > MAX_MESSAGE_BYTES ? `${HEAD.exec(text)?.[0]}""]` : text;
}

/** The beginning of a frame, up to its data or to a name. Frames of which it is none are malformed. */
const HEAD = /^\["\w+",( ?\d+,)+/;

function joinOf(ref: number): Join {
	return {
		ref,
		key: undefined,
		member: undefined,
		early: [],
		presence: undefined,
		hasEnded: false,
	};
}

const TOO_LARGE = tooLarge('A message', MAX_MESSAGE_BYTES);
const TOO_DEEP: ErrorData = {
	code: 'BAD_REQUEST',
	message: `JSON is nested deeper than ${MAX_DEPTH} levels.`,
};
const NOT_JOINED: ErrorData = { code: 'CLOSED', message: 'The join has ended.' };
