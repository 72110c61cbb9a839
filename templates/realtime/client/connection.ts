import { FINAL, LINES, LONGEST_FRAME, PING, PONG, SESSION_TAKEN } from '../protocol/constants.ts';
import type { RealtimeError } from '../protocol/errors.ts';
import { type Data, readFrames, writeContent } from '../protocol/frame-content.ts';
import type { ClientParts, ServerParts } from '../protocol/frame-parts.ts';
import { type Clock, systemClock } from './base/clock.ts';
import { failure } from './base/failure.ts';
import {
	ABNORMAL_CLOSURE,
	CONNECT_TIMEOUT,
	FIRST_WAIT,
	IDLE_TIMEOUT,
	LONGEST_WAIT,
	NORMAL_CLOSURE,
	OPEN,
	PING_INTERVAL,
	PONG_TIMEOUT,
	STABLE_AFTER,
} from './base/limits.ts';
import { createStore, type Store } from './base/store.ts';
import type { Status } from './base/types.ts';
import type { WebSocketLike } from './web-socket.ts';

/** Events of a window. */
export interface Page {
	addEventListener?(type: string, listener: () => void): void;
	removeEventListener?(type: string, listener: () => void): void;
	readonly document?: { readonly hidden: boolean };
}

export interface ConnectionOptions {
	/** The version of the site's channel files. A server of another one is told by the status. */
	readonly version?: string | undefined;
	/** For tests. */
	readonly clock?: Clock | undefined;
	/** For tests: a number from 0 to 1. */
	readonly random?: (() => number) | undefined;
	/** For tests: the window. */
	readonly page?: Page | undefined;
}

/** One object, so that a store that is closed already sees no change. */
export const CLOSED: Status = { state: 'closed' };

/** Opens WebSockets. */
export interface Opener {
	/** Makes the token of each `open()`. */
	readonly makeToken?: (() => string | Promise<string>) | undefined;
	/** @param query Says what the connection is for, unless it is for everything. */
	readonly open: (token?: string, query?: string) => WebSocketLike;
}

/** A channel that the connection carries. */
export interface Carried {
	/** Frames can be sent. `welcome` has not arrived yet. */
	join(): void;
	/**
	 * The server did not continue the session: what became of the messages in flight is unknown.
	 */
	forget(): void;
	/** Takes a frame of any channel. */
	take(parts: ServerParts): void;
	/** The connection is lost. */
	lost(): void;
	/** No attempt follows, for ever: all that waits is rejected. */
	end(error: RealtimeError): void;
	/** The status has changed: the handles are told the state of the join. */
	tell(): void;
}

/** What carries the channels of a client, and the messages to its user. */
export interface Connections {
	/** The state of all. */
	readonly status: Store<Status>;
	/**
	 * The connection of a channel. Called for each handle that comes to it.
	 *
	 * @param key The key of its room.
	 */
	of(key: string, name: string, params: Readonly<Record<string, string>>): Connection;
	/** Keeps messages to the user coming. The result ends the use, and is called once. */
	retain(): () => void;
	/** Closes everything for good. */
	close(): void;
}

/** A connection. It opens when it is used, and opens again when it is lost. */
export interface Connection extends Connections {
	/** Keeps it open, with a second to spare. */
	retain(): () => void;
	/** Closes it until the next use begins. */
	rest(): void;
	/** Whether frames can be sent. */
	isUp(): boolean;
	send(parts: ClientParts, data?: Data): void;
	/** Closes the connection and opens it again. */
	fail(code: number): void;
}

/**
 * One connection that carries everything.
 *
 * @param options `interval` is {@link PING_INTERVAL} by default.
 * @param rooms The channels that it carries.
 * @param inbox Called with each message to the user.
 */
export function createConnection(
	{
		makeToken,
		open,
		version,
		clock = systemClock,
		random = Math.random,
		page = globalThis as Page,
		interval = PING_INTERVAL,
	}: ConnectionOptions & Opener & { readonly interval?: number },
	rooms: { values(): Iterable<Carried> },
	inbox: (message: unknown) => void,
): Connection {
	const status = createStore(CLOSED);
	let socket: WebSocketLike | undefined;
	/** Tells the current attempt from earlier ones. */
	let generation = 0;
	let session: string | undefined;
	let isOutdated: boolean | undefined;
	let isStopped: boolean | undefined;
	let users = 0;
	/** Attempts since the last success. */
	let attempts = 0;
	/** The time of `welcome`, undefined before. */
	let welcomedAt: number | undefined;
	/** Whether nothing but a pong tells that the link is alive. */
	let isPongAwaited: boolean | undefined;
	/** Milliseconds from the server's `drain`. */
	let spread: number | undefined;
	/** Cancels what waits: the next attempt, a ping, a deadline. There is one at a time. */
	let cancelTimer = (): void => {};
	let cancelIdle = (): void => {};

	function after(milliseconds: number, callback: () => void): void {
		cancelTimer();
		cancelTimer = clock.after(milliseconds, callback);
	}

	function tell(next: Status): void {
		// The connection is lost, or the server has stopped it.
		if (next.error || next.state === 'waiting') for (const room of rooms.values()) room.lost();
		status.set(isOutdated ? { ...next, isOutdated } : next);
		for (const room of rooms.values()) room.tell();
	}

	async function connect(): Promise<void> {
		const attempt = ++generation;
		// Before anyone is told: a listener that closes the client cancels it.
		after(CONNECT_TIMEOUT, fail);
		tell({ state: 'connecting' });
		try {
			const token = makeToken && (await makeToken());
			if (attempt !== generation) return;
			socket = open(token);
		} catch (error) {
			if (attempt === generation) fail(ABNORMAL_CLOSURE, String(error));
			return;
		}
		socket.binaryType = 'arraybuffer';
		socket.onopen = () => {
			if (attempt !== generation) return;
			send(['hello', { session, version }, LINES]);
			for (const room of rooms.values()) room.join();
		};
		socket.onmessage = ({ data }: { readonly data: string | ArrayBuffer }) => {
			if (attempt !== generation) return;
			if (data === PONG) isPongAwaited = false;
			for (const frame of readFrames(data)) receive(frame as ServerParts);
			// The silence begins anew. It is not measured: clocks are set.
			if (welcomedAt && !isPongAwaited) after(interval, ping);
		};
		socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) => {
			if (attempt !== generation) return;
			socket = undefined;
			fail(code, reason);
		};
	}

	function receive(frame: ServerParts): void {
		const [type, content] = frame;
		if (type === 'welcome') {
			session = content.session;
			isOutdated = !!version && version !== content.version;
			welcomedAt = clock.now();
			spread = undefined;
			isPongAwaited = false;
			if (!content.isResumed) {
				for (const room of rooms.values()) room.forget();
			}
			tell({ state: 'open' });
		} else if (type === 'credit') send(frame);
		else if (type === 'drain') spread = content;
		else if (type === 'inbox') inbox(content);
		else for (const room of rooms.values()) room.take(frame);
	}

	function send(parts: ClientParts, data?: Data): void {
		if (isUp()) socket?.send(writeContent(parts, data).slice(0, LONGEST_FRAME));
	}

	function isUp(): boolean {
		return socket?.readyState === OPEN;
	}

	function ping(): void {
		if (isUp()) socket?.send(PING);
		after(PONG_TIMEOUT, fail);
	}

	/** Leaves the socket. Its `close` event can take minutes on a dead link. */
	function drop(code: number = NORMAL_CLOSURE): void {
		generation++;
		cancelTimer();
		const dropped = socket;
		socket = undefined;
		welcomedAt = undefined;
		dropped?.close(code);
	}

	/** The socket is closed with the code, if it is not closed yet. An attempt follows. */
	function fail(code: number = NORMAL_CLOSURE, reason?: string): void {
		if (welcomedAt && clock.now() - welcomedAt > STABLE_AFTER) attempts = 0;
		const isFinal = code >= FINAL;
		const error = failure(
			isFinal ? 'CLOSED' : 'SERVICE_UNAVAILABLE',
			reason || `No connection (${code}).`,
		);
		drop(code);
		if (code === SESSION_TAKEN) session = undefined;
		if (isFinal) {
			isStopped = true;
			close(error);
			for (const room of rooms.values()) room.end(error);
			return;
		}
		const wait = random() * (spread ?? Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempts++));
		spread = undefined;
		after(wait, connect);
		tell({
			state: 'waiting',
			retryAt: clock.now() + wait,
			// A page that had a connection is told why it lost it, and not that it has none.
			...((reason || !session) && { error }),
		});
	}

	/** No attempt follows until the next use begins. */
	function close(error?: RealtimeError): void {
		cancelIdle();
		drop();
		listen('removeEventListener');
		tell(error ? { ...CLOSED, error } : CLOSED);
	}

	/**
	 * The page is back: an attempt that waits is made now, and the link is tested. A page that was frozen
	 * gets what came before its link died only now, so that a message proves nothing.
	 */
	function wake(): void {
		const { state } = status.value;
		if (state === 'waiting') {
			attempts = 0;
			connect();
		} else if (state === 'open') {
			isPongAwaited = true;
			ping();
		}
	}

	const reactions: Readonly<Record<string, () => void>> = {
		online() {
			// An attempt of the time before can hang.
			if (status.value.state === 'connecting') fail();
			wake();
		},
		offline() {
			if (status.value.state !== 'waiting') fail();
		},
		pageshow: wake,
		pagehide() {
			// A clean close, so that presence goes. The page may come back.
			drop();
			tell({ state: 'waiting' });
		},
		visibilitychange() {
			if (!page.document?.hidden) wake();
		},
	};

	function listen(method: 'addEventListener' | 'removeEventListener'): void {
		for (const type in reactions) page[method]?.(type, reactions[type] as () => void);
	}

	const connection: Connection = {
		status,
		of: () => connection,
		isUp,
		send,
		fail,
		rest: close,
		retain() {
			users++;
			cancelIdle();
			if (!isStopped && status.value.state === 'closed') {
				listen('addEventListener');
				attempts = 0;
				connect();
			}
			return () => {
				if (!--users && !isStopped) cancelIdle = clock.after(IDLE_TIMEOUT, close);
			};
		},
		close() {
			isStopped = true;
			close();
		},
	};
	return connection;
}
