import { type ErrorData, errorData, isRealtimeError, RealtimeError } from '../protocol/errors.ts';
import {
	castFrame,
	type Data,
	errorFrame,
	eventFrame,
	type GapReason,
	gapFrame,
	joinedFrame,
	leftFrame,
	replyFrame,
} from '../protocol/server-frames.ts';
import { gapBetween, isBefore } from './continuity.ts';
import type { Feed } from './feed.ts';
import { HandlerDeadline } from './handler-deadline.ts';
import type { ChannelKey } from './key.ts';
import {
	GRACE_AFTER_CLOSE,
	GRACE_AFTER_LOSS,
	MAX_OUTCOME_BYTES,
	MAX_WAITING,
	PAGE_SIZE,
} from './limits.ts';
import type { Claim, Link, Page, Ports } from './ports.ts';
import type { Position } from './position.ts';
import type { Presence } from './presence.ts';
import type { ChannelRules, ConnectionView, MemberView } from './rules.ts';
import { Turns } from './turns.ts';

/** What a member needs of its channel. */
export interface MemberChannel {
	readonly key: ChannelKey;
	/** The number of the channel in frames. */
	readonly number: number;
	readonly ports: Ports;
	readonly rules: ChannelRules;
	readonly feed: Feed;
	/** Undefined if the channel has none. */
	readonly presence: Presence | undefined;
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

export interface SentMessage {
	/** Undefined for an ephemeral message. */
	readonly id: number | undefined;
	readonly name: string;
	readonly data: unknown;
}

/** The result of a handler, kept for the session as JSON. */
interface Outcome {
	readonly data?: unknown;
	readonly error?: ErrorData;
	/** The last position that the handler published. */
	readonly published?: Position;
}

type State = 'asked' | 'joining' | 'catching up' | 'live' | 'gone';

const UNCERTAIN_OUTCOME: string = JSON.stringify({
	error: {
		code: 'UNCERTAIN',
		message: 'The message was handled, but its result is no longer known.',
	},
} satisfies Outcome);

/** One join of a connection. */
export class Member implements MemberView {
	readonly link: Link;
	readonly user: { readonly id: string } | undefined;
	readonly params: Readonly<Record<string, string>>;
	readonly connection: ConnectionView;
	readonly #channel: MemberChannel;
	readonly #ref: number;
	readonly #turns = new Turns(MAX_WAITING);
	#state: State = 'asked';
	/** Set while the member catches up. A live member has the position of the feed. */
	#position: Position | undefined;
	#isReading = false;
	/** Why the join ends. Set also while it is decided. */
	#expelled: ErrorData | undefined;
	#isPresent = false;
	/** Whether the member came back, and is not where it was yet. */
	#isResuming = false;
	/** The time when the member became present, in milliseconds since 1970. */
	#since: number | undefined;
	#untilLive: (() => void)[] = [];
	/** Messages that arrived before the join was decided. */
	#early: SentMessage[] = [];

	constructor(channel: MemberChannel, init: MemberInit) {
		this.#channel = channel;
		this.#ref = init.ref;
		this.link = init.link;
		this.user = init.user;
		this.params = init.params;
		this.connection = {
			id: init.link.session.id,
			data: init.data,
			send: (name, data) => this.#sendCast(name, data),
		};
	}

	/** Whether the member gets what the channel broadcasts. */
	get isLive(): boolean {
		return this.#state === 'live';
	}

	/** Whether the member is in the channel: it gets ephemeral messages, and may send. */
	get isJoined(): boolean {
		return this.#state === 'live' || this.#state === 'catching up';
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
			const { ports, rules } = channel;
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
			ports.host.waitUntil(rules.onJoin(this));
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
		this.link.send(leftFrame(this.#ref, null));
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
		this.link.send(leftFrame(this.#ref, error));
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
		const { id } = message;
		const refuse = (error: RealtimeError): void => {
			if (id !== undefined) this.link.send(errorFrame(this.#ref, id, errorData(error)));
		};
		if (!this.isJoined) {
			if (this.#early.length < MAX_WAITING) this.#early.push(message);
			else refuse(tooMany('Too many messages wait for the join.', 1000));
			return;
		}
		const wait = this.#channel.takeMessage(this);
		if (wait > 0) {
			refuse(tooMany('Too many messages.', wait));
			return;
		}
		const run = id === undefined ? () => this.#cast(message) : () => this.#handle(message, id);
		const hasRoom = this.#turns.take(run, id === undefined ? message.name : undefined);
		if (!hasRoom) refuse(tooMany('Too many messages wait for their turn.', 1000));
	}

	/** The feed has moved on. The member is live once the feed reaches its position. */
	followFeed(): void {
		const { head } = this.#channel.feed;
		const position = this.#position;
		if (this.#state !== 'catching up' || position === undefined || head === undefined) return;
		if (position === head) this.#goLive();
		else if (!this.#isReading && !isBefore(head, position)) this.#readOn();
	}

	#tellGap(reason: GapReason, position: Position): void {
		const { number, ports } = this.#channel;
		ports.meter?.gap(reason, 1);
		this.#resumed(false);
		this.link.send(gapFrame(number, reason, position));
	}

	#resumed(isWhole: boolean): void {
		if (!this.#isResuming) return;
		this.#isResuming = false;
		this.#channel.ports.meter?.resumed(isWhole);
	}

	/** Undefined if the list of members may be sent. Those of many channels are as large as history. */
	#listWait(): Promise<void> | undefined {
		return this.#channel.presence === undefined ? undefined : this.link.ready();
	}

	/** What the join begins with. Undefined if it begins with the next message. */
	async #firstPage({ since, last, mayReadHistory }: JoinOptions): Promise<Page | undefined> {
		const { feed, key, ports } = this.#channel;
		if (since !== undefined) {
			return since === feed.head || !mayReadHistory
				? undefined
				: ports.log.after(key, since, PAGE_SIZE);
		}
		if (last === undefined || last === 0 || !mayReadHistory) return undefined;
		return ports.log.last(key, last);
	}

	/** Sends `joined`, who is present, and the first page. Nothing else happens meanwhile. */
	#begin(page: Page | undefined, { since, mayReadHistory }: JoinOptions): void {
		const { feed, number, presence, rules } = this.#channel;
		const head = feed.head ?? '';
		const start = since ?? page?.entries[0]?.previous ?? page?.head ?? head;
		const { ephemeral, idempotent, keepsHistory } = rules;
		const details = { position: start, keeps: keepsHistory, ephemeral, idempotent };
		this.link.send(joinedFrame(this.#ref, number, details));
		if (presence !== undefined) this.link.send(presence.state());
		this.#state = 'catching up';
		this.#isResuming = since !== undefined;
		this.#position = start;
		if (page !== undefined) this.#readOn(page);
		else if (mayReadHistory) this.followFeed();
		else {
			if (start !== head) this.#tellGap('not kept', head);
			this.#goLive();
		}
		for (const message of this.#early) this.message(message);
		this.#early = [];
	}

	#readOn(first?: Page): void {
		this.#isReading = true;
		this.#channel.ports.host.waitUntil(this.#readPages(first));
	}

	/** Sends pages of the log until the member is where the feed is. */
	async #readPages(first: Page | undefined): Promise<void> {
		const { feed, key, ports, rules } = this.#channel;
		let page = first;
		try {
			while (this.#state === 'catching up' && this.#position !== undefined) {
				page ??= await ports.log.after(key, this.#position, PAGE_SIZE);
				if (!this.#isCatchingUp()) return;
				const reason = gapBetween(this.#position, page, rules.retention);
				if (reason !== undefined) this.#skip(reason, page.head);
				else {
					for (const entry of page.entries) {
						// Few large entries fill the credits as well as many small ones.
						const ready = this.link.ready();
						if (ready !== undefined) await ready;
						if (!this.#isCatchingUp()) return;
						this.#sendEntry(entry);
					}
				}
				this.followFeed();
				if (!this.#isCatchingUp()) return;
				const isBehind = feed.head !== undefined && isBefore(this.#position, feed.head);
				// The feed will reach the position of the member by itself.
				if (!isBehind && this.#position === page.head) return;
				await this.link.ready();
				page = undefined;
			}
		} catch (error) {
			ports.host.report('A realtime channel cannot read its log', error);
			if (!this.#isCatchingUp()) return;
			this.#end(GRACE_AFTER_LOSS);
			this.link.send(leftFrame(this.#ref, unavailable()));
		} finally {
			this.#isReading = false;
		}
	}

	/**
	 * Tells of missing messages, and goes on at the head of the log. The feed may have seen more of
	 * it already, or still less: then going back to the feed would repeat messages.
	 */
	#skip(reason: GapReason, logHead: Position): void {
		const { feed } = this.#channel;
		const isFeedAhead = feed.head !== undefined && isBefore(logHead, feed.head);
		this.#position = isFeedAhead ? feed.head : logHead;
		this.#tellGap(reason, this.#position ?? logHead);
	}

	#isCatchingUp(): boolean {
		return this.#state === 'catching up';
	}

	#sendEntry(entry: Page['entries'][number]): void {
		this.#position = entry.position;
		this.link.send(eventFrame(this.#channel.number, entryParts(entry)));
	}

	#goLive(): void {
		this.#state = 'live';
		this.#position = undefined;
		this.#channel.live(this);
		this.#resumed(true);
		for (const resolve of this.#untilLive) resolve();
		this.#untilLive = [];
	}

	#sendCast(name: string, data: Data): void {
		if (this.isJoined) this.link.send(castFrame(this.#channel.number, undefined, name, data));
	}

	/** The data that presence shows, undefined if it does not show the member. */
	async #shown({ presence }: JoinOptions): Promise<unknown> {
		try {
			return await this.#channel.rules.presence?.parse(presence?.data, this);
		} catch (error) {
			if (presence === undefined && isRealtimeError(error)) return undefined;
			throw error;
		}
	}

	async #enter(data: unknown): Promise<void> {
		const { key, ports, presence } = this.#channel;
		const { id } = this.connection;
		// A user who comes back was present all the time.
		this.#since ??= presence?.sinceOf(this.user?.id ?? id) ?? ports.host.now();
		this.#isPresent = true;
		const user = this.user === undefined ? {} : { user: this.user };
		await ports.roster.enter(key, {
			id,
			userId: this.user?.id,
			member: { id, ...user, data, since: this.#since },
		});
		// The member may have left before the roster had it.
		if (this.hasEnded) await ports.roster.depart(key, id, 0);
	}

	#end(presenceDelay: number): void {
		if (this.hasEnded) return;
		const { key, ports, rules } = this.#channel;
		const wasJoined = this.isJoined;
		this.#state = 'gone';
		for (const resolve of this.#untilLive) resolve();
		this.#untilLive = [];
		const { host, roster } = ports;
		if (this.#isPresent) {
			host.waitUntil(
				roster.depart(key, this.connection.id, presenceDelay).catch((error: unknown) => {
					host.report('A realtime channel cannot remove a member from its presence', error);
				}),
			);
		}
		this.#channel.gone(this);
		if (wasJoined) host.waitUntil(rules.onLeave(this));
	}

	/** Handles an ephemeral message. The definition reports its errors. */
	async #cast(message: SentMessage): Promise<void> {
		if (this.hasEnded) return;
		await this.#run(message);
	}

	/** Handles a message once, and answers. */
	async #handle(message: SentMessage, id: number): Promise<void> {
		// Its client sends it again when it resumes the session.
		if (this.hasEnded) return;
		const { ports, rules } = this.#channel;
		const { secret } = this.link.session;
		let claim: Claim;
		try {
			claim = await ports.roster.claim(secret, id);
		} catch (error) {
			await this.#answer(id, { error: errorData(asRealtimeError(error)) });
			return;
		}
		const mayRunAgain =
			claim.state === 'running' &&
			claim.outcome === undefined &&
			rules.idempotent.includes(message.name);
		if (claim.state !== 'claimed' && !mayRunAgain) {
			const outcome = claim.state === 'settled' ? claim.outcome : await claim.outcome;
			await this.#answer(id, JSON.parse(outcome ?? UNCERTAIN_OUTCOME));
			return;
		}
		const { result, published } = await this.#run(message);
		try {
			const outcome = outcomeText(result, published) ?? UNCERTAIN_OUTCOME;
			await ports.roster.settle(secret, id, outcome);
		} catch (error) {
			ports.host.report('A realtime channel cannot keep the result of a message', error);
		}
		await this.#reached(published);
		if ('error' in result) this.link.send(errorFrame(this.#ref, id, result.error));
		else this.link.send(replyFrame(this.#ref, id, result.data));
	}

	/** Runs the handler within its time. */
	async #run(message: SentMessage): Promise<{ result: Result; published: Position | undefined }> {
		const { ports, rules } = this.#channel;
		const deadline = new HandlerDeadline();
		let published: Position | undefined;
		const handled = rules
			.handle(
				{
					name: message.name,
					data: message.data,
					requestId: ports.host.random(16),
					member: this,
					published(position) {
						published = position;
					},
				},
				deadline,
			)
			.then(
				(data): Result => ({ data }),
				(error: unknown): Result => ({ error: errorData(error) }),
			);
		ports.host.waitUntil(handled);
		const result = await new Promise<Result>((resolve) => {
			const cancel = ports.host.alarm(rules.timeout, () => {
				// Made here alone: an error costs as much as a handler, because of its stack.
				const timeout = new RealtimeError({
					code: 'TIMEOUT',
					message: `The handler of \`${message.name}\` did not end within ${rules.timeout / 1000} s.`,
				});
				deadline.end(timeout);
				resolve({ error: errorData(timeout) });
			});
			void handled.then((ended) => {
				cancel();
				resolve(ended);
			});
		});
		return { result, published };
	}

	/** Resolves when the member has an entry, or has left. */
	async #reached(position: Position | undefined): Promise<void> {
		if (position === undefined) return;
		await this.#channel.feed.passed(position);
		if (!this.#isCatchingUp()) return;
		await new Promise<void>((resolve) => this.#untilLive.push(resolve));
	}

	/** Answers with a kept outcome. */
	async #answer(id: number, { data, error, published }: Outcome): Promise<void> {
		await this.#reached(published);
		const text = data === undefined ? undefined : JSON.stringify(data);
		this.link.send(
			error === undefined ? replyFrame(this.#ref, id, text) : errorFrame(this.#ref, id, error),
		);
	}
}

const encoder = new TextEncoder();

type Result = { readonly data: Data } | { readonly error: ErrorData };

/** The JSON of an outcome, or undefined if it is too long to keep, or holds bytes. */
function outcomeText(result: Result, published: Position | undefined): string | undefined {
	const fields: string[] = [];
	if (published !== undefined) fields.push(`"published":${JSON.stringify(published)}`);
	if ('error' in result) fields.push(`"error":${JSON.stringify(result.error)}`);
	else if (result.data instanceof Uint8Array) return undefined;
	else if (result.data !== undefined) fields.push(`"data":${result.data}`);
	const text = `{${fields.join()}}`;
	// A UTF-16 unit takes at most three bytes.
	if (text.length * 3 <= MAX_OUTCOME_BYTES) return text;
	return encoder.encode(text).byteLength > MAX_OUTCOME_BYTES ? undefined : text;
}

/** The parts of a kept message on the wire. */
export function entryParts(entry: Page['entries'][number]): Parameters<typeof eventFrame>[1] {
	const { position, previous, at, from, id, name, data } = entry;
	return { position, previous, at, from, id, name, data };
}

function asRealtimeError(error: unknown): RealtimeError {
	return isRealtimeError(error) ? error : new RealtimeError(unavailable());
}

function unavailable(): ErrorData {
	return { code: 'SERVICE_UNAVAILABLE', message: 'The realtime engine cannot be reached.' };
}

function disconnected(): RealtimeError {
	return new RealtimeError({ code: 'FORBIDDEN', message: 'The server ended the membership.' });
}

function tooMany(message: string, retryAfter: number): RealtimeError {
	return new RealtimeError({ code: 'TOO_MANY_REQUESTS', message, retryAfter });
}
