import {
	eventFrame,
	type GapReason,
	gapFrame,
	snapshotFrame,
} from '../../protocol/server-frames.ts';
import type { ChannelKey } from '../key.ts';
import type { ChannelFeed, Link, Page, Ports } from '../ports.ts';
import type { Position } from '../position.ts';
import type { ChannelRules } from '../rules.ts';
import { gapBetween, isBefore, pageAfter } from './continuity.ts';

/** The channel that a member catches up with. */
export interface CatchUpChannel {
	readonly key: ChannelKey;
	/** The number of the channel in frames. */
	readonly number: number;
	readonly ports: Ports;
	readonly rules: ChannelRules;
	readonly feed: ChannelFeed;
}

export interface CatchUpMember {
	readonly link: Link;
	/** The client has all that the feed had, and gets the rest from it. */
	caughtUp(): void;
	/** The log cannot be read. */
	cutOff(): void;
}

/** Sends a client what follows its position, until it is where the feed of its channel is. */
export class CatchUp {
	position: Position;
	readonly #channel: CatchUpChannel;
	readonly #member: CatchUpMember;
	#isReading = false;
	/** Whether the client came back, and is not where it was yet. */
	#isResuming: boolean;
	#isOver = false;
	/** How often the feed had read the log before this did. Undefined before it has. */
	#readsOfFeed: number | undefined;

	constructor(
		channel: CatchUpChannel,
		member: CatchUpMember,
		position: Position,
		isResuming: boolean,
	) {
		this.#channel = channel;
		this.#member = member;
		this.position = position;
		this.#isResuming = isResuming;
	}

	/**
	 * The feed has moved on, or has read the log. A client that is ahead of it waits for it. If it has
	 * read the log since and is still behind, the log may have lost what the client has.
	 */
	follow(): void {
		const { feed } = this.#channel;
		const { head } = feed;
		if (this.#isOver || head === undefined) return;
		if (this.position === head) this.finish();
		else if (this.#isReading) return;
		else if (!isBefore(head, this.position) || this.#readsOfFeed !== feed.reads) this.begin();
	}

	/** Reads on, with a page that was read already. */
	begin(first?: Page): void {
		this.#isReading = true;
		this.#channel.ports.host.waitUntil(this.#readPages(first));
	}

	tellGap(reason: GapReason, position: Position): void {
		const { number, ports } = this.#channel;
		this.position = position;
		ports.meter?.gap(reason, 1);
		this.#resumed(false);
		this.#member.link.send(gapFrame(number, reason, position));
	}

	finish(): void {
		this.stop();
		this.#member.caughtUp();
		this.#resumed(true);
	}

	/** Sends nothing more. */
	stop(): void {
		this.#isOver = true;
	}

	#resumed(isWhole: boolean): void {
		if (!this.#isResuming) return;
		this.#isResuming = false;
		this.#channel.ports.meter?.resumed(isWhole);
	}

	/** Sends pages of the log until the client is where the feed is. */
	async #readPages(page: Page | undefined): Promise<void> {
		const { feed, key, ports, rules } = this.#channel;
		const { link } = this.#member;
		/** Where the feed was before the page was read: the log had that, unless it has lost it. */
		let known = '';
		try {
			while (!this.#isOver) {
				if (page === undefined) {
					known = feed.head ?? '';
					this.#readsOfFeed = feed.reads;
					page = await pageAfter(ports.log, key, this.position, rules.retention);
					if (this.#isOver) return;
				}
				this.#send(page);
				if (this.#isOver) return;
				if (this.position === page.head) {
					const isBehind = feed.head !== undefined && isBefore(this.position, feed.head);
					if (!isBehind && this.#readsOfFeed === feed.reads) {
						// The feed comes by, or reads the log after a while.
						void feed.passed(this.position);
						return;
					}
					if (isBefore(this.position, known)) await feed.readAgain();
				}
				page = undefined;
				const ready = link.ready();
				if (ready === undefined) continue;
				link.release?.();
				// The process may sleep meanwhile.
				link.changed?.();
				await ready;
			}
		} catch (error) {
			ports.host.report('A realtime channel cannot read its log', error);
			if (!this.#isOver) this.#member.cutOff();
		} finally {
			link.release?.();
			this.#isReading = false;
			if (!this.#isOver) link.changed?.();
		}
	}

	/** Sends as much of a page as the client takes. The rest is read again when it takes more. */
	#send(page: Page): void {
		const { feed, number, rules } = this.#channel;
		const { link } = this.#member;
		const { snapshot, entries, head } = page;
		const reason = gapBetween(snapshot?.position ?? this.position, page, rules.retention);
		const messages = reason === undefined ? entries : [];
		for (const message of snapshot === undefined ? messages : [snapshot, ...messages]) {
			// Few large messages fill the credits as well as many small ones.
			if (link.ready() !== undefined) return;
			link.hold?.();
			this.position = message.position;
			const isEntry = 'previous' in message;
			link.send(isEntry ? eventFrame(number, message) : snapshotFrame(number, message));
		}
		if (reason !== undefined) {
			// The feed may have seen more of the log already, or still less: then going back to the feed
			// would repeat messages.
			const isFeedAhead = feed.head !== undefined && isBefore(head, feed.head);
			this.tellGap(reason, isFeedAhead ? feed.head : head);
		}
		link.release?.();
		this.follow();
	}
}
