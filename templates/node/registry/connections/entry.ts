import type { Duplex } from 'node:stream';
import type { ReportSubject } from '../../../socket/report.ts';
import type { AstroWebSocket } from '../../../socket/types.ts';
import type { Connection, ConnectionObserver } from '../../connection/connection.ts';
import { answeringServer } from '../../http/answered.ts';
import type { SharedMessage } from '../../protocol/shared-message.ts';
import { type Closer, whenClosed } from '../../protocol/when-closed.ts';
import type { TableNode } from './entry-table.ts';
import type { ConnectionData, Traffic } from './managed-connection.ts';

/** The part of an accepted connection used by its entry. */
export type TrackedConnection = Pick<
	Connection,
	'activeAt' | 'close' | 'isPaused' | 'observer' | 'ping' | 'received' | 'sent' | 'share'
>;

/** The health of a connection. */
export interface Health {
	/** The latency of the last answered ping in milliseconds. */
	roundTrip: number | undefined;
	/** Unanswered pings of the rotation in a row. */
	missedPings: number;
	/** The payload of the pending ping, 0 if there is none. */
	token: number;
	sentAt: number;
	/** Callbacks for the answer, usually none. */
	waiting: Waiting[] | undefined;
}

/** Called with the latency in milliseconds, or without it if there was no answer. */
type Waiting = (roundTrip: number | undefined) => void;

/** Owns entries, and receives their events. */
export interface EntryKeeper {
	idOf(entry: Entry): string;
	/** The handshake is complete. */
	opened(entry: Entry): void;
	/** A pong was received. */
	answered(entry: Entry, payload: Buffer): void;
	/** The connection has reported its end. */
	ended(entry: Entry, code: number, reason: string): void;
	/** The socket is closed. */
	leave(entry: Entry): void;
}

/** The entry of a socket, for all instances of this module. */
export const CONNECTION: unique symbol = Symbol.for('astro.websocket.connection');

/** A socket with its entry. */
export interface RegisteredWebSocket extends AstroWebSocket {
	[CONNECTION]?: Entry;
}

/** The result of a completed handshake. */
export interface Opened {
	readonly connection: TrackedConnection;
	readonly socket: RegisteredWebSocket;
	readonly tags: readonly string[];
	readonly data: ConnectionData | undefined;
	/** The request of the handshake, present only if the site has an `onError` hook. */
	readonly handshake?: (() => Request) | undefined;
}

/** The entry of a native socket. */
const ENTRY: unique symbol = Symbol('entry');

type RegisteredSocket = Duplex & {
	[ENTRY]?: Entry;
	/** From `net.Socket`. */
	readonly bytesRead?: number;
	readonly bytesWritten?: number;
};

/** One connection in the registry, from its handshake until the socket is closed. */
export class Entry implements Closer, ConnectionObserver, TableNode<Entry> {
	nextCloser: Closer | undefined;
	place = 0;
	older: Entry | undefined;
	newer: Entry | undefined;
	/** The site that closes it: see `Registry.shutdown()`. */
	scope: object;
	/** The key of the client it counts for, if any. */
	key: string | undefined;
	readonly number: number;
	/** Time on the process clock, in whole milliseconds. */
	readonly enteredAt: number;
	address = '';
	/** Set once the handshake is complete. */
	peer: AstroWebSocket | undefined;
	tags: readonly string[] = NO_TAGS;
	/** The position in the index of each tag, and in that of its client. */
	placesOfTags: number[] = NO_PLACES;
	placeOfClient = 0;
	/** Never mutated: a site may pass one object for all connections. */
	data: ConnectionData = NO_DATA;
	/**
	 * Tells the client that the server is about to close the connection, and to come back within a
	 * number of milliseconds. Only realtime clients know it.
	 */
	drain: ((milliseconds: number) => void) | undefined;
	#handshake: (() => Request) | undefined;
	/** Created by the first health check. */
	health: Health | undefined;
	/** Whether the socket is closed, and whether the connection has reported its end. */
	hasLeft = false;
	hasEnded = false;
	readonly #keeper: EntryKeeper;
	readonly #socket: RegisteredSocket;
	#connection: TrackedConnection | undefined;
	/** Called when the socket is closed. */
	#waiting: (() => void)[] | undefined;

	constructor(
		keeper: EntryKeeper,
		scope: object,
		socket: Duplex,
		{ number, enteredAt }: { readonly number: number; readonly enteredAt: number },
	) {
		this.#keeper = keeper;
		this.scope = scope;
		this.number = number;
		this.enteredAt = enteredAt;
		this.#socket = socket;
		this.#socket[ENTRY] = this;
		whenClosed(socket, this);
	}

	/** The entry of a native socket, if any. */
	static of(socket: Duplex): Entry | undefined {
		return (socket as RegisteredSocket)[ENTRY];
	}

	get id(): string {
		return this.#keeper.idOf(this);
	}

	/** The subject of reports about this connection. */
	get subject(): ReportSubject {
		const handshake = this.#handshake;
		return {
			socket: this.peer,
			get request() {
				return handshake?.();
			},
		};
	}

	/** Time of the last message. */
	get activeAt(): number {
		return Math.max(this.#connection?.activeAt ?? 0, this.enteredAt);
	}

	get isPaused(): boolean {
		return this.#connection?.isPaused ?? false;
	}

	get messages(): Traffic {
		return { received: this.#connection?.received ?? 0, sent: this.#connection?.sent ?? 0 };
	}

	get bytes(): Traffic {
		const { bytesRead = 0, bytesWritten = 0 } = this.#socket;
		return { received: bytesRead, sent: bytesWritten };
	}

	/** Whether the connection belongs to a site, or to a server. */
	isOf(scope: object): boolean {
		return this.scope === scope || answeringServer(this.#socket) === scope;
	}

	/** Resolves when the socket is closed, for any reason. */
	get gone(): Promise<void> {
		if (this.#socket.closed) return Promise.resolve();
		return new Promise((resolve) => {
			this.#waiting ??= [];
			this.#waiting.push(resolve);
		});
	}

	/** The handshake is complete. */
	opened({ connection, socket, tags, data, handshake }: Opened): void {
		// A closed socket emits no further events.
		if (this.hasLeft) return;
		this.#connection = connection;
		this.#handshake = handshake;
		this.peer = socket;
		if (tags.length > 0) {
			this.tags = [...new Set(tags)];
			this.placesOfTags = this.tags.map(() => 0);
		}
		if (data !== undefined) this.data = data;
		connection.observer = this;
		socket[CONNECTION] = this;
		this.#keeper.opened(this);
	}

	/** Closes the connection. A pending handshake still gets its response. */
	close(code: number, reason: string): void {
		this.#connection?.close(code, reason);
	}

	/** Sends a message that other connections get as well. */
	share(message: SharedMessage): void {
		this.#connection?.share(message);
	}

	ping(payload: Buffer): void {
		this.#connection?.ping(payload);
	}

	terminate(): void {
		this.#socket.destroy();
	}

	onPong(payload: Buffer): void {
		this.#keeper.answered(this, payload);
	}

	onEnded(code: number, reason: string): void {
		this.#keeper.ended(this, code, reason);
	}

	onClose(): void {
		this.#keeper.leave(this);
		for (const tell of this.#waiting ?? []) tell();
	}
}

/** An entry of an open connection, with its socket. */
export type OpenEntry = Entry & { readonly peer: AstroWebSocket };

const NO_TAGS: readonly string[] = [];
const NO_DATA: ConnectionData = Object.freeze({});
/** Never written to, because there are no tags. */
const NO_PLACES: number[] = [];
