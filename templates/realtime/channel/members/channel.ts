import type { ErrorData } from '../../protocol/errors.ts';
import {
	castFrame,
	eventFrame,
	type Frame,
	type GapReason,
	gapFrame,
	snapshotFrame,
} from '../../protocol/server-frames.ts';
import type { ChannelKey } from '../key.ts';
import { LINGER } from '../limits.ts';
import { MessageRates } from '../messages/rates.ts';
import type {
	Cast,
	ChannelFeed,
	Entry,
	FeedReceiver,
	Link,
	Ports,
	RosterWatcher,
	Snapshot,
	Unwatch,
} from '../ports.ts';
import type { Position } from '../position.ts';
import type { ChannelPresence, ChannelRules } from '../rules.ts';
import { Member, type MemberChannel, type MemberInit, type MemberRecord } from './member.ts';

export interface ChannelInit {
	readonly key: ChannelKey;
	/** The number of the channel in frames, used for no other channel of the process. */
	readonly number: number;
	/** Called for each use. */
	readonly rules: () => ChannelRules;
	readonly ports: Ports;
	/** The channel has had no members for a while, and has closed. */
	readonly onIdle: () => void;
}

/** The members of a channel on this process, or in this object. */
export class Channel implements MemberChannel, FeedReceiver, RosterWatcher {
	readonly key: ChannelKey;
	readonly number: number;
	readonly ports: Ports;
	readonly feed: ChannelFeed;
	readonly #rules: () => ChannelRules;
	readonly #onIdle: () => void;
	readonly #members = new Set<Member>();
	readonly #live = new Set<Member>();
	readonly #userRates = new MessageRates();
	readonly #visitorRates = new MessageRates();
	#presence: ChannelPresence | undefined;
	#watching: Promise<Unwatch> | undefined;
	#cancelIdle: (() => void) | undefined;
	#isClosed = false;

	constructor(init: ChannelInit) {
		this.key = init.key;
		this.number = init.number;
		this.ports = init.ports;
		this.#rules = init.rules;
		this.#onIdle = init.onIdle;
		this.feed = init.ports.feed({
			key: init.key,
			ports: init.ports,
			retention: () => this.rules.retention,
			receiver: this,
		});
		this.#leaveSoon();
	}

	get rules(): ChannelRules {
		return this.#rules();
	}

	/** The members that have joined. */
	get size(): number {
		let size = 0;
		for (const member of this.#members) if (member.isJoined) size++;
		return size;
	}

	get presence(): ChannelPresence | undefined {
		return this.rules.presence === undefined ? undefined : this.#presence;
	}

	/** Registers a client whose join is about to be decided, so that it can be revoked. */
	ask(init: MemberInit): Member {
		return this.#add(new Member(this, init));
	}

	/** Takes a member of a process that slept. {@link resume} follows. */
	restore(init: MemberInit, record: MemberRecord): Member {
		const member = this.#add(Member.restore(this, init, record));
		if (member.isLive) this.#live.add(member);
		return member;
	}

	/**
	 * Goes on with restored members.
	 *
	 * @throws the error of the engine.
	 */
	async resume(): Promise<void> {
		await this.open();
		this.#followFeed();
	}

	async open(): Promise<void> {
		this.#watching ??= this.ports.roster.watch(this.key, this).catch((error: unknown) => {
			this.#watching = undefined;
			throw error;
		});
		await this.#watching;
		const { presence } = this.rules;
		if (presence !== undefined) {
			this.#presence ??= presence.follow({
				key: this.key,
				ports: this.ports,
				number: this.number,
				of: () => this.rules.presence?.of ?? 'user',
				tell: (frame) => this.#broadcast(frame),
			});
			await this.#presence.open();
		}
		await this.feed.open();
	}

	takeMessage(member: Member): number {
		const now = this.ports.host.now();
		if (member.rate === undefined || member.rate.isForgotten) {
			const rates = member.user === undefined ? this.#visitorRates : this.#userRates;
			member.rate = rates.of(member.user?.id ?? member.connection.id, now);
		}
		return member.rate.take(now);
	}

	live(member: Member): void {
		this.#live.add(member);
	}

	gone(member: Member): void {
		this.#live.delete(member);
		this.#members.delete(member);
		if (this.#members.size === 0) this.#leaveSoon();
	}

	entry(entry: Entry): void {
		this.#toLive(eventFrame(this.number, entry));
		this.#followFeed();
	}

	cast(cast: Cast): void {
		const frame = castFrame(this.number, cast.from, cast.name, cast.data);
		this.#broadcast(frame, cast.except);
	}

	snapshot(snapshot: Snapshot, logHead: Position): void {
		for (const member of [...this.#live]) {
			if (member.mayReadHistory) continue;
			this.#live.delete(member);
			member.skipTo(logHead);
		}
		this.#toLive(snapshotFrame(this.number, snapshot));
		this.#followFeed();
	}

	gap(reason: GapReason): void {
		const { head } = this.feed;
		if (head !== undefined) {
			this.ports.meter?.gap(reason, this.#live.size);
			this.#toLive(gapFrame(this.number, reason, head));
		}
		this.#followFeed();
	}

	caughtUp(): void {
		this.#followFeed();
	}

	entered(...entry: Parameters<RosterWatcher['entered']>): void {
		this.#presence?.entered(...entry);
	}

	departed(id: string): void {
		this.#presence?.departed(id);
	}

	interrupted(): void {
		this.#presence?.interrupted();
	}

	/** Ends the joins of a user, also those under way. */
	revoke(userId: string): void {
		for (const member of [...this.#members]) if (member.user?.id === userId) member.revoke();
	}

	/** Ends all joins, also those under way: the channel's file is gone. */
	expel(error: ErrorData): void {
		for (const member of [...this.#members]) member.expel(error);
	}

	#add(member: Member): Member {
		this.#cancelIdle?.();
		this.#cancelIdle = undefined;
		this.#members.add(member);
		return member;
	}

	#toLive(frame: Frame): void {
		if (this.#live.size > 0) this.ports.host.broadcast(links(this.#live), frame);
	}

	/** Sends a frame to all that have joined, but for one connection. */
	#broadcast(frame: Frame, except?: string): void {
		const receivers = [...this.#members].filter(
			({ isJoined, connection }) => isJoined && connection.id !== except,
		);
		if (receivers.length > 0) this.ports.host.broadcast(links(receivers), frame);
	}

	/** Members that have caught up with the feed go live. */
	#followFeed(): void {
		if (this.#live.size === this.#members.size) return;
		for (const member of this.#members) member.followFeed();
	}

	#leaveSoon(): void {
		this.#cancelIdle ??= this.ports.host.alarm(LINGER, () => {
			this.#cancelIdle = undefined;
			if (this.#members.size > 0 || this.#isClosed) return;
			this.#isClosed = true;
			this.feed.close();
			this.#presence?.close();
			void this.#watching?.then((unwatch) => unwatch());
			this.#onIdle();
		});
	}
}

function* links(members: Iterable<Member>): Iterable<Link> {
	for (const { link } of members) yield link;
}
