/**
 * What a channel asks of the engine that keeps it and of the runtime that runs it. The modules of
 * this room know no runtime.
 */

import type { Data, Frame, PresentMember } from '../protocol/server-frames.ts';
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
	/** The entries after a position that are still kept, the oldest `limit` of them. */
	after(channel: ChannelKey, position: Position, limit: number): Promise<Page>;
	/** The newest `limit` entries that are still kept. */
	last(channel: ChannelKey, limit: number): Promise<Page>;
	/** Sends an ephemeral message to the watchers. */
	cast(channel: ChannelKey, cast: Cast): Promise<void>;
	/** Resolves when every message appended from now on will reach the watcher, in order. */
	watch(channel: ChannelKey, watcher: LogWatcher): Promise<Unwatch>;
}

/** A connection's presence in a channel. */
export interface PresenceEntry {
	/** The id of the session's join, the same after a reconnect. */
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
	/** `disconnect(userId)` was called, here or elsewhere. */
	revoked(userId: string): void;
}

/** The answer to a claim. */
export type Claim =
	/** The caller handles the message, and calls `settle()` with the result. */
	| { readonly state: 'claimed' }
	/** Another handler has started. `result` is undefined if its process has died. */
	| { readonly state: 'running'; readonly result: Promise<string> | undefined }
	| { readonly state: 'settled'; readonly result: string };

/** Keeps what outlives a connection: presence, sessions with their claims, revocations. */
export interface Roster {
	/** Adds an entry or replaces it, and cancels its departure. */
	enter(channel: ChannelKey, entry: PresenceEntry): Promise<void>;
	/**
	 * Removes an entry after a number of milliseconds by the roster's own clock, unless it enters
	 * again before. 0 removes it at once.
	 */
	depart(channel: ChannelKey, id: string, delay: number): Promise<void>;
	present(channel: ChannelKey): Promise<readonly PresenceEntry[]>;
	watch(channel: ChannelKey, watcher: RosterWatcher): Promise<Unwatch>;
	/** Tells the watchers of the channel. */
	revoke(channel: ChannelKey, userId: string): Promise<void>;

	/** Opens a session of a user, undefined for an anonymous visitor. Resolves with its secret. */
	openSession(userId: string | undefined): Promise<string>;
	/** Whether the session exists and belongs to the user. Keeps it for another two minutes. */
	resumeSession(session: string, userId: string | undefined): Promise<boolean>;
	/** Claims a message before its handler starts. */
	claim(session: string, id: number): Promise<Claim>;
	/** @param result JSON, at most 4 KB. A longer result is kept as an `UNCERTAIN` error. */
	settle(session: string, id: number, result: string): Promise<void>;
}

/** A client's connection, as a channel sees it. */
export interface Link {
	/** A server-made id, the `from` of the connection's messages. */
	readonly id: string;
	/** Sends a frame within the credits of the connection. */
	send(frame: Frame): void;
	/** Resolves when the connection may be sent more history; rejects when it has ended. */
	ready(): Promise<void>;
	/** Closes the connection. */
	close(code: number, reason: string): void;
}

/** The runtime. */
export interface Host {
	/** Milliseconds since 1970. */
	now(): number;
	/** Random text of a length, from `a-z0-9`. */
	random(length: number): string;
	/** Calls back once after a number of milliseconds. The result cancels. */
	alarm(milliseconds: number, callback: () => void): () => void;
	/** Sends one frame to many connections. */
	broadcast(links: Iterable<Link>, frame: Frame): void;
	/** Keeps the process running until the promise is settled. */
	waitUntil(work: Promise<unknown>): void;
	/** Reports an error to the site's operator. */
	report(message: string, error?: unknown): void;
}

/** The services of an engine and a runtime for a channel. */
export interface Ports {
	readonly log: Log;
	readonly roster: Roster;
	readonly host: Host;
}
