import {
	type ErrorData,
	errorData,
	isRealtimeError,
	RealtimeError,
} from '../../protocol/errors.ts';
import { castFrame, type Data, joinedFrame, leftFrame } from '../../protocol/server-frames.ts';
import { GRACE_AFTER_CLOSE, GRACE_AFTER_LOSS, MAX_WAITING } from '../limits.ts';
import { CatchUp, type CatchUpChannel, type CatchUpMember } from '../log/catch-up.ts';
import { pageAfter, positionBefore } from '../log/continuity.ts';
import { MemberMessages, type Sender, type SentMessage } from '../messages/messages.ts';
import type { MessageRate } from '../messages/rates.ts';
import type { Link, Page } from '../ports.ts';
import type { Position } from '../position.ts';
import { UNAVAILABLE, WAITING } from '../refusals.ts';
import type { ChannelPresence, ConnectionView } from '../rules.ts';
import { type Connected, MemberConnection } from './connection.ts';

/** What a member needs of its channel. */
export interface MemberChannel extends CatchUpChannel {
	/** Undefined if the channel has none. */
	readonly presence: ChannelPresence | undefined;
	/** Resolves when the channel listens to its log and its roster. */
	open(): Promise<void>;
	/** Whether a message is within the rate of its user. Returns 0, or milliseconds to wait. */
	takeMessage(member: Member): number;
	/** The member has all kept messages so far. */
	live(member: Member): void;
	/** The member left. */
	gone(member: Member): void;
}

/** A client that may join, as far as its connection knows. */
export interface MemberInit {
	readonly link: Link;
	/** The join's number on its connection. */
	readonly ref: number;
	readonly user: { readonly id: string } | undefined;
	readonly params: Readonly<Record<string, string>>;
	/** What `connection.data` begins as. */
	readonly data: unknown;
}

export interface JoinOptions {
	readonly since?: Position | undefined;
	/** The number of kept messages to begin with. */
	readonly last?: number | undefined;
	/** Whether the member may be given the past. */
	readonly mayReadHistory: boolean;
	/**
	 * What the member says of itself. Undefined for one that says nothing: it is present only if the
	 * channel's schema asks nothing.
	 */
	readonly presence?: { readonly data: unknown } | undefined;
}

/**
 * What restores a member whose process slept, as JSON. What else a member knows begins anew: nothing
 * runs for it when a process sleeps, and its rates are full again by then.
 */
export interface MemberRecord {
	/** The number of the channel in frames. */
	readonly channel: number;
	/** How far a member that catches up has got. A live one has all that the log has. */
	readonly position?: Position | undefined;
	readonly isPresent: boolean;
	/** `connection.data`. */
	readonly data?: unknown;
}

type State = 'asked' | 'joining' | 'joined' | 'gone';

/** One join of a connection. */
export class Member implements Sender, Connected, CatchUpMember {
	readonly link: Link;
	readonly ref: number;
	readonly user: { readonly id: string } | undefined;
	readonly params: Readonly<Record<string, string>>;
	readonly connection: ConnectionView;
	/** The rate of its user, kept by the channel: looking it up takes longer than using it. */
	rate: MessageRate | undefined;
	readonly #channel: MemberChannel;
	/** Made when they are needed: most members of a large channel never send one. */
	#messages: MemberMessages | undefined;
	#state: State = 'asked';
	/** Set until the member is live: then it has the position of the feed. */
	#catchUp: CatchUp | undefined;
	/** Why the join ends. Set also while it is decided. */
	#expelled: ErrorData | undefined;
	#isPresent = false;
	#mayReadHistory = false;
	/** The time when the member became present, in milliseconds since 1970. */
	#since: number | undefined;
	#untilLive: (() => void)[] = [];
	/** Messages that arrived before the join was decided. */
	#early: SentMessage[] = [];

	constructor(channel: MemberChannel, init: MemberInit) {
		this.#channel = channel;
		this.ref = init.ref;
		this.link = init.link;
		this.user = init.user;
		this.params = init.params;
		this.connection = new MemberConnection(this, init.data);
	}

	/** A member of a process that slept. */
	static restore(channel: MemberChannel, init: MemberInit, record: MemberRecord): Member {
		const member = new Member(channel, init);
		member.#state = 'joined';
		if (record.position !== undefined) {
			member.#catchUp = new CatchUp(channel, member, record.position, false);
		}
		member.#isPresent = record.isPresent;
		return member;
	}

	/** Undefined for one that is not in the channel. */
	get record(): MemberRecord | undefined {
		if (!this.isJoined) return undefined;
		const { data } = this.connection;
		const channel = this.#channel.number;
		return { channel, position: this.#catchUp?.position, isPresent: this.#isPresent, data };
	}

	/** Whether the client waits for an answer that no record holds. */
	get owesAnswer(): boolean {
		const isUndecided = this.#state === 'asked' || this.#state === 'joining';
		return isUndecided || this.#untilLive.length > 0;
	}

	/** Whether the member gets what the channel broadcasts. */
	get isLive(): boolean {
		return this.isJoined && this.#catchUp === undefined;
	}

	/** Whether the member is in the channel: it gets ephemeral messages, and may send. */
	get isJoined(): boolean {
		return this.#state === 'joined';
	}

	/** Whether the member may be given the past. False for one that was restored. */
	get mayReadHistory(): boolean {
		return this.#mayReadHistory;
	}

	/** Whether the join was refused, or has ended. */
	get hasEnded(): boolean {
		return this.#state === 'gone';
	}

	/**
	 * Completes the join after `authorize` allowed it, and starts to send what the member missed.
	 *
	 * @throws RealtimeError if the join is refused.
	 */
	async admit(options: JoinOptions): Promise<void> {
		if (this.#state !== 'asked') return;
		this.#state = 'joining';
		const channel = this.#channel;
		try {
			const shown = await this.#shown(options);
			await channel.open();
			if (this.#expelled !== undefined) throw new RealtimeError(this.#expelled);
			if (shown !== undefined) await this.#enter(shown);
			const page = await this.#firstPage(options);
			// Joins that wait together begin one by one: nothing stands between the last look and the
			// beginning.
			for (let wait = this.#listWait(); wait !== undefined; wait = this.#listWait()) await wait;
			if (this.#expelled !== undefined) throw new RealtimeError(this.#expelled);
			if (this.hasEnded) return;
			this.#begin(page, options);
		} catch (error) {
			if (!this.hasEnded) this.#end(0);
			throw error;
		}
	}

	/** Ends a join that was not allowed. */
	refuse(): void {
		this.#end(0);
	}

	/** The client leaves. */
	leave(): void {
		if (this.hasEnded) return;
		this.#end(0);
		this.link.send(leftFrame(this.ref, null));
	}

	/** The connection ended. Presence goes on for a while. */
	disconnected(wasClean: boolean): void {
		this.#end(wasClean ? GRACE_AFTER_CLOSE : GRACE_AFTER_LOSS);
	}

	/** The site disconnects the user, also one whose join is under way. */
	revoke(): void {
		this.expel(errorData(disconnected()));
	}

	/** Ends the join, also one that is under way, and tells the client why. */
	expel(error: ErrorData): void {
		this.#expelled = error;
		if (!this.isJoined) return;
		this.#end(0);
		this.link.send(leftFrame(this.ref, error));
	}

	/**
	 * Replaces the member's presence data.
	 *
	 * @throws RealtimeError if it is invalid.
	 */
	async setPresence(data: unknown): Promise<void> {
		if (!this.isJoined) return;
		const shown = await this.#channel.rules.presence?.parse(data, this);
		if (shown !== undefined && this.isJoined) await this.#enter(shown);
	}

	/** Takes a message of the client. Answers through the link. */
	message(message: SentMessage): void {
		if (this.hasEnded) return;
		if (this.isJoined) this.#turns.take(message);
		else if (this.#early.length < MAX_WAITING) this.#early.push(message);
		else this.#turns.refuse(message, WAITING);
	}

	sendCast(name: string, data: Data): void {
		if (this.isJoined) this.link.send(castFrame(this.#channel.number, undefined, name, data));
	}

	takeRate(): number {
		return this.#channel.takeMessage(this);
	}

	/** Resolves when the member has an entry, or has left. */
	async reached(position: Position): Promise<void> {
		const passed = this.#channel.feed.passed(position);
		if (passed !== undefined) {
			this.link.release?.();
			await passed;
		}
		if (this.#catchUp === undefined) return;
		this.link.release?.();
		await new Promise<void>((resolve) => {
			this.#untilLive.push(resolve);
			this.link.changed?.();
		});
	}

	/** The feed has moved on, or has read the log. */
	followFeed(): void {
		this.#catchUp?.follow();
	}

	caughtUp(): void {
		this.#catchUp = undefined;
		this.#channel.live(this);
		this.#tellLive();
		this.link.changed?.();
	}

	cutOff(): void {
		this.#end(GRACE_AFTER_LOSS);
		this.link.send(leftFrame(this.ref, UNAVAILABLE));
	}

	/**
	 * A snapshot, which has the past in it, stands for what a live member lacks. One that may not be
	 * given the past goes on at the head of the log.
	 */
	skipTo(logHead: Position): void {
		this.#catchUp = new CatchUp(this.#channel, this, logHead, false);
		this.#catchUp.tellGap('trimmed', logHead);
	}

	get #turns(): MemberMessages {
		this.#messages ??= new MemberMessages(this, this.#channel);
		return this.#messages;
	}

	/** Undefined if the list of members may be sent. Those of many channels are as large as history. */
	#listWait(): Promise<void> | undefined {
		return this.#channel.presence === undefined ? undefined : this.link.ready();
	}

	/** What the join begins with. Undefined if it begins with the next message. */
	async #firstPage({ since, last, mayReadHistory }: JoinOptions): Promise<Page | undefined> {
		const { feed, key, ports, rules } = this.#channel;
		if (since !== undefined) {
			return since === feed.head || !mayReadHistory
				? undefined
				: pageAfter(ports.log, key, since, rules.retention);
		}
		if (last === undefined || last === 0 || !mayReadHistory) return undefined;
		return ports.log.last(key, last);
	}

	/** Sends `joined`, who is present, and the first page. Nothing else happens meanwhile. */
	#begin(page: Page | undefined, { since, mayReadHistory }: JoinOptions): void {
		const { feed, number, presence, rules } = this.#channel;
		const head = feed.head ?? '';
		const begin = page?.snapshot && positionBefore(page.snapshot);
		const start = since ?? begin ?? page?.entries[0]?.previous ?? page?.head ?? head;
		const { ephemeral, idempotent, keepsHistory } = rules;
		this.link.hold?.();
		const details = { position: start, keeps: keepsHistory, ephemeral, idempotent };
		this.link.send(joinedFrame(this.ref, number, details));
		if (presence !== undefined) this.link.send(presence.state());
		this.#state = 'joined';
		this.#mayReadHistory = mayReadHistory;
		const catchUp = new CatchUp(this.#channel, this, start, since !== undefined);
		this.#catchUp = catchUp;
		if (page !== undefined) catchUp.begin(page);
		else if (mayReadHistory) catchUp.follow();
		else {
			if (start !== head) catchUp.tellGap('not kept', head);
			catchUp.finish();
		}
		this.link.release?.();
		this.link.changed?.();
		const joining = rules.onJoin(this);
		if (joining !== undefined) this.#turns.hook(() => joining);
		for (const message of this.#early) this.message(message);
		this.#early = [];
	}

	/** The data that presence shows, undefined if it does not show the member. */
	async #shown({ presence }: JoinOptions): Promise<unknown> {
		try {
			return await this.#channel.rules.presence?.parse(presence?.data, this);
		} catch (error) {
			// The schema asks for something.
			if (presence === undefined && isRealtimeError(error) && error.isInputError) return undefined;
			throw error;
		}
	}

	async #enter(data: unknown): Promise<void> {
		// The member may have left before the channel was open.
		if (this.hasEnded) return;
		const { key, ports, presence } = this.#channel;
		const { id } = this.connection;
		// A user who comes back was present all the time.
		this.#since ??= presence?.sinceOf(this.user?.id ?? id) ?? ports.host.now();
		if (!this.#isPresent) {
			this.#isPresent = true;
			this.link.changed?.();
		}
		const user = this.user === undefined ? {} : { user: this.user };
		await ports.roster.enter(key, {
			id,
			userId: this.user?.id,
			member: { id, ...user, data, since: this.#since },
		});
	}

	#tellLive(): void {
		for (const resolve of this.#untilLive) resolve();
		this.#untilLive = [];
	}

	#end(presenceDelay: number): void {
		if (this.hasEnded) return;
		const { key, ports, rules } = this.#channel;
		const wasJoined = this.isJoined;
		this.#state = 'gone';
		this.#catchUp?.stop();
		this.#catchUp = undefined;
		this.#tellLive();
		const { host, roster } = ports;
		if (this.#isPresent) {
			host.waitUntil(
				roster.depart(key, this.connection.id, presenceDelay).catch((error: unknown) => {
					host.report('A realtime channel cannot remove a member', error);
				}),
			);
		}
		this.#channel.gone(this);
		this.link.changed?.();
		if (wasJoined) this.#turns.hook(() => rules.onLeave(this));
	}
}

function disconnected(): RealtimeError {
	return new RealtimeError({ code: 'FORBIDDEN', message: 'The server ended the membership.' });
}
