import { FINAL, PING, PONG, SESSION_TAKEN } from '../protocol/constants.ts';
import type { RealtimeError } from '../protocol/errors.ts';
import { type Data, readContent, writeContent } from '../protocol/frame-content.ts';
import type { ClientParts, ServerParts } from '../protocol/frame-parts.ts';
import type { Clock } from './clock.ts';
import { failure } from './failure.ts';
import { createStore, type Store } from './store.ts';
import type { Status } from './types.ts';
import type { WebSocketLike } from './web-socket.ts';

/** Silence after which the server is pinged. */
const PING_INTERVAL = 25_000;
/** The time for the answer to a ping. With the interval: a dead link is found within 30 s. */
const PONG_TIMEOUT = 5_000;
/** The time until `welcome`. */
const CONNECT_TIMEOUT = 20_000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 20_000;
/** A connection that lived this long was a success: the waits begin anew. */
const STABLE_AFTER = 10_000;
/** The last user's place is kept for this time, for a page that replaces its parts. */
const IDLE_TIMEOUT = 1_000;

const NORMAL_CLOSURE = 1000;
/** The reserved code of a connection that ended without a close frame. */
const ABNORMAL_CLOSURE = 1006;
const OPEN = 1;

/** Events of a window. */
export interface Page {
	addEventListener?(type: string, listener: () => void): void;
	removeEventListener?(type: string, listener: () => void): void;
	readonly document?: Required<Pick<Page, 'addEventListener' | 'removeEventListener'>> & {
		readonly visibilityState: string;
	};
}

export interface ConnectionSettings {
	/** Called before each `open()`. */
	readonly prepare?: (() => Promise<void>) | undefined;
	readonly open: () => WebSocketLike;
	readonly version?: string | undefined;
	readonly clock: Clock;
	/** From 0 to 1. */
	random(): number;
	readonly page: Page;
}

/** What a connection tells the channels that it carries. */
export interface ConnectionEvents {
	/** Frames can be sent. `welcome` has not arrived yet. */
	opened(): void;
	/** The server did not continue the session. */
	forgotten(): void;
	received(parts: ServerParts): void;
	lost(): void;
	/** No attempt follows, until the connection is used again or for ever. */
	ended(error: RealtimeError): void;
}

/** The client's connection. It opens when it is used, and opens again when it is lost. */
export interface Connection {
	readonly status: Store<Status>;
	/** Whether frames can be sent. */
	isUp(): boolean;
	send(parts: ClientParts, data?: Data): void;
	/** Keeps the connection open. The result ends the use. */
	retain(): () => void;
	/** Closes the connection and opens it again. */
	fail(code: number): void;
	close(): void;
}

export function createConnection(
	{ prepare, open, version, clock, random, page }: ConnectionSettings,
	events: ConnectionEvents,
): Connection {
	const status = createStore<Status>({ state: 'closed' });
	let socket: WebSocketLike | undefined;
	/** Tells the current attempt from earlier ones. */
	let generation = 0;
	let session: string | undefined;
	let isOutdated = false;
	let isStopped = false;
	let users = 0;
	/** Attempts since the last success. */
	let attempts = 0;
	/** The time of `welcome`, undefined before. */
	let welcomedAt: number | undefined;
	let received = 0;
	let receivedAt = 0;
	/** Milliseconds from the server's `drain`. */
	let spread: number | undefined;
	/** Cancels what waits: the next attempt, a check, a deadline. There is one at a time. */
	let cancelTimer = (): void => {};
	let cancelIdle = (): void => {};

	function after(milliseconds: number, callback: () => void): void {
		cancelTimer();
		cancelTimer = clock.after(milliseconds, callback);
	}

	function tell(next: Status): void {
		status.set(isOutdated ? { ...next, isOutdated } : next);
	}

	async function connect(): Promise<void> {
		const attempt = ++generation;
		tell({ state: 'connecting' });
		after(CONNECT_TIMEOUT, () => fail(NORMAL_CLOSURE));
		try {
			if (prepare !== undefined) await prepare();
			if (attempt !== generation) return;
			socket = open();
		} catch (error) {
			if (attempt === generation) lose(ABNORMAL_CLOSURE, String(error));
			return;
		}
		socket.binaryType = 'arraybuffer';
		socket.onopen = () => {
			if (attempt !== generation) return;
			send([
				'hello',
				{ ...(session !== undefined && { session }), ...(version !== undefined && { version }) },
			]);
			events.opened();
		};
		socket.onmessage = ({ data }: { readonly data: string | ArrayBuffer }) => {
			if (attempt !== generation) return;
			received++;
			receivedAt = clock.now();
			if (data !== PONG) {
				receive(readContent(typeof data === 'string' ? data : new Uint8Array(data)));
			}
		};
		socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) => {
			if (attempt === generation) lose(code, reason);
		};
		// A listener, because `ws` throws without one. `close` follows.
		socket.onerror = () => {};
	}

	function receive(parts: readonly unknown[] | undefined): void {
		if (parts === undefined) return;
		const frame = parts as ServerParts;
		if (frame[0] === 'welcome') {
			const { session: given, isResumed, version: served } = frame[1];
			session = given;
			isOutdated = version !== undefined && version !== served;
			welcomedAt = clock.now();
			spread = undefined;
			check();
			if (!isResumed) events.forgotten();
			tell({ state: 'open' });
		} else if (frame[0] === 'credit') send(frame);
		else if (frame[0] === 'drain') spread = frame[1];
		else events.received(frame);
	}

	function send(parts: ClientParts, data?: Data): void {
		if (isUp()) socket?.send(writeContent(parts, data));
	}

	function isUp(): boolean {
		return socket?.readyState === OPEN;
	}

	/** Waits for the silence that calls for a ping. */
	function check(): void {
		const silence = clock.now() - receivedAt;
		if (silence < PING_INTERVAL) after(PING_INTERVAL - silence, check);
		else ping();
	}

	function ping(): void {
		const before = received;
		if (isUp()) socket?.send(PING);
		after(PONG_TIMEOUT, () => (received === before ? fail(NORMAL_CLOSURE) : check()));
	}

	/** Leaves the socket. Its `close` event can take minutes on a dead link. */
	function drop(code: number): void {
		generation++;
		cancelTimer();
		const dropped = socket;
		socket = undefined;
		welcomedAt = undefined;
		dropped?.close(code);
	}

	function fail(code: number): void {
		lose(code, '', code);
	}

	function lose(code: number, reason: string, closeWith: number = NORMAL_CLOSURE): void {
		const lived = welcomedAt === undefined ? 0 : clock.now() - welcomedAt;
		const error =
			reason || (session === undefined && `No connection to ${socket?.url ?? 'the server'}.`);
		drop(closeWith);
		if (code === SESSION_TAKEN) session = undefined;
		if (code >= FINAL && code < 5000) {
			isStopped = true;
			end(failure('CLOSED', reason || `Closed with ${code}.`));
			return;
		}
		if (lived > STABLE_AFTER) attempts = 0;
		const wait = random() * (spread ?? Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempts++));
		spread = undefined;
		pause({
			state: 'waiting',
			retryAt: clock.now() + wait,
			...(error && { error: failure('SERVICE_UNAVAILABLE', error) }),
		});
		after(wait, connect);
	}

	function pause(next: Status): void {
		tell(next);
		events.lost();
	}

	function end(error: RealtimeError): void {
		unlisten();
		tell({ state: 'closed', error });
		events.ended(error);
	}

	/** The page is back: an attempt that waits is made now, and a link that was quiet is tested. */
	function wake(isForced = false): void {
		const { state } = status.value;
		if (state === 'waiting') {
			attempts = 0;
			connect();
		} else if (state === 'open' && (isForced || clock.now() - receivedAt > PING_INTERVAL)) ping();
	}

	const listeners: readonly (readonly [Page | undefined, string, () => void])[] = [
		[
			page,
			'online',
			() => {
				// An attempt of the time before can hang.
				if (status.value.state === 'connecting') fail(NORMAL_CLOSURE);
				wake(true);
			},
		],
		[page, 'offline', () => status.value.state !== 'waiting' && fail(NORMAL_CLOSURE)],
		[page, 'pageshow', () => wake()],
		[
			page,
			'pagehide',
			() => {
				// A clean close, so that presence goes. The page may come back.
				drop(NORMAL_CLOSURE);
				pause({ state: 'waiting' });
			},
		],
		[
			page.document,
			'visibilitychange',
			() => page.document?.visibilityState === 'visible' && wake(),
		],
	];

	function unlisten(): void {
		for (const [target, type, listener] of listeners) {
			target?.removeEventListener?.(type, listener);
		}
	}

	function use(): void {
		for (const [target, type, listener] of listeners) {
			target?.addEventListener?.(type, listener);
		}
		attempts = 0;
		connect();
	}

	return {
		status,
		isUp,
		send,
		fail,
		retain() {
			users++;
			cancelIdle();
			if (!isStopped && status.value.state === 'closed') use();
			let isReleased = false;
			return () => {
				if (isReleased) return;
				isReleased = true;
				if (--users > 0) return;
				cancelIdle = clock.after(IDLE_TIMEOUT, () => {
					if (isStopped) return;
					drop(NORMAL_CLOSURE);
					unlisten();
					tell({ state: 'closed' });
				});
			};
		},
		close() {
			if (isStopped) return;
			isStopped = true;
			cancelIdle();
			drop(NORMAL_CLOSURE);
			unlisten();
			tell({ state: 'closed' });
		},
	};
}
