/**
 * What a channel asks of the engine that keeps it and of the runtime that runs it. The modules of
 * this room know no runtime.
 */

import type { Data, Frame, GapReason, PresentMember } from '../protocol/server-frames.ts';
import type { ChannelKey } from './key.ts';
import type { Position } from './position.ts';

/** A message that a channel keeps, before it has a position. */
export interface NewEntry {
	readonly name: string;
	readonly data: Data;
	/** Milliseconds since 1970. */
	readonly at: number;
	/** The sender's connection. */
	readonly from?: string | undefined;
	/** The publisher's own id. An engine appends one message per id. */
	readonly id?: string | undefined;
}

/** A kept message. */
export interface Entry extends NewEntry {
	readonly position: Position;
	readonly previous: Position;
}

/** A message that stands for all entries up to a position, which is its own. */
export interface Snapshot extends NewEntry {
	readonly position: Position;
}

/** An ephemeral message. */
export interface Cast {
	readonly name: string;
	readonly data: Data;
	readonly from?: string | undefined;
	/** The connection that does not get it. */
	readonly except?: string | undefined;
}

/** How much a channel keeps. A `size` of 0 keeps the head alone. */
export interface Retention {
	/** Messages. */
	readonly size: number;
	/** Seconds. */
	readonly ttl: number;
}

/** A part of a log, oldest entry first. */
export interface Page {
	/** The entries follow it. */
	readonly snapshot?: Snapshot | undefined;
	readonly entries: readonly Entry[];
	/** The position of the newest entry of the log. */
	readonly head: Position;
}

/** Ends a subscription. No call of the watcher follows. */
export type Unwatch = () => void;

export interface LogWatcher {
	entry(entry: Entry): void;
	cast(cast: Cast): void;
	/** Messages may have been lost on the way: the channel compares its position with the log. */
	interrupted(): void;
}

/** Numbers and keeps the messages of channels. */
export interface Log {
	/**
	 * Resolves with the position once the engine has the message. The message itself is delivered
	 * through `watch()` alone, also to its publisher.
	 *
	 * @throws RealtimeError `TIMEOUT` if it is unknown whether the engine has it,
	 * `SERVICE_UNAVAILABLE` if it has not.
	 */
	append(channel: ChannelKey, entry: NewEntry, retention: Retention): Promise<Position>;
	/**
	 * The entries after a position that are still kept, the oldest `limit` of them.
	 *
	 * @param limit Left out by whoever reads on to the head: then an engine gives at least one, and no
	 * more than every reader may hold at the same time.
	 */
	after(channel: ChannelKey, position: Position, limit?: number): Promise<Page>;
	/**
	 * The newest `count` entries that are still kept, the oldest `limit` of them. If there is a snapshot
	 * and `count` is not 0: the snapshot, and the oldest `limit` of those after it.
	 *
	 * @param limit Left out as in `after()`.
	 */
	last(channel: ChannelKey, count: number, limit?: number): Promise<Page>;
	/**
	 * Keeps a message in place of the snapshot of before and of all entries up to a position. Neither
	 * the size nor the lifetime of the history removes it. No watcher is told.
	 *
	 * @returns false, and changes nothing, if the log has a newer snapshot, or does not have everything
	 * that came after the position.
	 */
	snapshot(channel: ChannelKey, entry: NewEntry, upTo: Position): Promise<boolean>;
	/** Sends an ephemeral message to the watchers. */
	cast(channel: ChannelKey, cast: Cast): Promise<void>;
	/** Resolves when every message appended from now on will reach the watcher, in order. */
	watch(channel: ChannelKey, watcher: LogWatcher): Promise<Unwatch>;
}

/** A connection's presence in a channel. */
export interface PresenceEntry {
	/** The id of the session. */
	readonly id: string;
	readonly userId?: string | undefined;
	readonly member: PresentMember;
}

export interface RosterWatcher {
	/** An entry is new, or has new data. */
	entered(entry: PresenceEntry): void;
	departed(id: string): void;
	/** Entries may have been missed: the channel reads them again. */
	interrupted(): void;
}

/** `disconnect(userId)` of a channel was called, in this process or another one. */
export type RevocationWatcher = (channel: ChannelKey, userId: string) => void;

/** A session was resumed by another process. */
export type TakeoverWatcher = (secret: string) => void;

/** The answer to a claim. */
export type Claim =
	/** The caller handles the message, and calls `settle()` with the result. */
	| { readonly state: 'claimed' }
	/** A handler has started. `outcome` resolves with undefined if its process may have died. */
	| { readonly state: 'running'; readonly outcome: Promise<string | undefined> }
	| { readonly state: 'settled'; readonly outcome: string };

/** A session: what a connection and its successors have in common. */
export interface Session {
	/** 128 bits as base64url, known to the client and the server alone. */
	readonly secret: string;
	/** The id that others see: the `from` of its messages, `connection.id`. */
	readonly id: string;
}

/** Keeps what outlives a connection: presence, sessions with their claims, revocations. */
export interface Roster {
	/**
	 * Adds an entry or replaces it, and cancels its departure. Calls take effect in their order: a
	 * departure removes what was entered before, also if that is not stored yet.
	 */
	enter(channel: ChannelKey, entry: PresenceEntry): Promise<void>;
	/**
	 * Removes an entry after a number of milliseconds by the roster's own clock, unless it enters
	 * again before. 0 removes it at once. If the engine cannot be reached, the roster goes on trying.
	 */
	depart(channel: ChannelKey, id: string, delay: number): Promise<void>;
	present(channel: ChannelKey): Promise<readonly PresenceEntry[]>;
	watch(channel: ChannelKey, watcher: RosterWatcher): Promise<Unwatch>;
	/** Tells all processes of the site, this one included. */
	revoke(channel: ChannelKey, userId: string): Promise<void>;
	/**
	 * Watches the revocations of all channels. A process must also hear of channels that it does not
	 * watch, because joins of them may be under way.
	 */
	watchRevocations(watcher: RevocationWatcher): Unwatch;

	/** Opens a session of a user, undefined for an anonymous visitor. */
	openSession(userId: string | undefined): Promise<Session>;
	/** Resolves with undefined if the session is unknown, or another user's. */
	resumeSession(secret: string, userId: string | undefined): Promise<Session | undefined>;
	/**
	 * Watches the sessions of this process that another process continues. Its connection has to end.
	 * Absent where all connections of a session come to one process.
	 */
	watchTakeovers?(watcher: TakeoverWatcher): Unwatch;
	/** Keeps a session for another two minutes. Its connection has ended. */
	suspendSession(secret: string): Promise<void>;
	/**
	 * Claims a message before its handler starts.
	 *
	 * @param mayRunAgain Whether a handler may start twice if its process dies: the claim need not
	 * outlive the process then.
	 * @throws RealtimeError if the message must not be handled: `UNCERTAIN` if the session has ended.
	 */
	claim(secret: string, message: number, mayRunAgain?: boolean): Claim | Promise<Claim>;
	/**
	 * The handler of a claimed message waits for more than promises of this process. Present in a
	 * roster that would otherwise keep the claim together with its result.
	 *
	 * @throws the error of the engine.
	 */
	outlastsTurn?(secret: string, message: number): void;
	/**
	 * Keeps the result of a claimed message. An engine may write it a moment later.
	 *
	 * @param outcome The result in JSON.
	 */
	settle(secret: string, message: number, outcome: string): void | Promise<void>;
}

/** A client's connection, as a channel sees it. */
export interface Link {
	readonly session: Session;
	/** Sends a frame within the credits of the connection. */
	send(frame: Frame): void;
	/**
	 * Resolves when the connection may be sent more history, or has ended. Undefined if it may be now.
	 */
	ready(): Promise<void> | undefined;
	/**
	 * Gathers frames, which then go out together. Hold them only until the process waits for
	 * something.
	 */
	hold?(): void;
	/** Sends what was gathered, and gathers no more. */
	release?(): void;
	/** The record of a member has changed. Present in runtimes that restore members. */
	changed?(): void;
}

/** The runtime. */
export interface Host {
	/** Milliseconds since 1970. */
	now(): number;
	/** Random text of a length, from `a-z0-9`. */
	random(length: number): string;
	/** 128 random bits as base64url. */
	secret(): string;
	/** Calls back once after a number of milliseconds. The result cancels. */
	alarm(milliseconds: number, callback: () => void): () => void;
	/**
	 * The same for hours. A runtime that sleeps wakes up for it, and has forgotten the callback: what
	 * it restores asks again.
	 */
	wakeAfter(milliseconds: number, callback: () => void): () => void;
	/** Sends one frame to many connections. */
	broadcast(links: Iterable<Link>, frame: Frame): void;
	/** Keeps the process running until the promise is settled. */
	waitUntil(work: Promise<unknown>): void;
	/** Reports an error to the site's operator. */
	report(message: string, error?: unknown): void;
}

/** Counts what became of members that came back, for the site's operator. */
export interface Meter {
	/** @param isWhole Whether the member missed nothing for good. */
	resumed(isWhole: boolean): void;
	/** Messages are missing for a number of members. */
	gap(reason: GapReason, members: number): void;
}

/** The services of an engine and a runtime for a channel. */
export interface Ports {
	readonly log: Log;
	readonly roster: Roster;
	readonly host: Host;
	/** Makes what follows the log of a channel. */
	feed(init: FeedInit): ChannelFeed;
	readonly meter?: Meter | undefined;
}

/** Follows the log of a channel, and delivers it in its order. */
export interface ChannelFeed {
	/** The position of the newest delivered entry, once the feed is open. */
	readonly head: Position | undefined;
	/**
	 * How often the feed has read the log to its end: what it does not have then, the log does not have
	 * either. Absent from a feed that never misses anything.
	 */
	readonly reads?: number;
	/**
	 * Begins to follow the log at its head.
	 *
	 * @throws the error of the engine. The next call tries again.
	 */
	open(): Promise<void>;
	close(): void;
	/** Resolves when an entry was delivered, or is lost. Undefined if it was already. */
	passed(position: Position): Promise<void> | undefined;
	/** Reads the log from the head of the feed on, unless that is under way. */
	readAgain(): Promise<void>;
}

/** What a feed is made from. */
export interface FeedInit {
	readonly key: ChannelKey;
	readonly ports: Ports;
	readonly retention: () => Retention;
	readonly receiver: FeedReceiver;
}

/** What a feed delivers to its channel, in the order of the log. */
export interface FeedReceiver {
	/** The next entry. The head of the feed is its position already. */
	entry(entry: Entry): void;
	cast(cast: Cast): void;
	/**
	 * Entries are missing, and a message stands for them. Its position is the head of the feed. What
	 * came after it follows, up to the head of the log.
	 */
	snapshot(snapshot: Snapshot, logHead: Position): void;
	/** Entries are missing for good. The head of the feed is after them. */
	gap(reason: GapReason): void;
	/** The feed has read the log to its end. */
	caughtUp(): void;
}
