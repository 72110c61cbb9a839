import type { Duplex } from 'node:stream';
import type { ReportSubject } from '../../socket/report.ts';
import type { AstroWebSocket } from '../../socket/types.ts';
import { answeringServer } from '../http/answered.ts';
import { type Closer, whenClosed } from '../protocol/when-closed.ts';
import type { Connections } from './connections.ts';
import type { Health } from './health.ts';
import type { ConnectionData, Traffic } from './managed-connection.ts';
import type { TableEntry } from './slot-table.ts';

/** The part of an accepted connection that the books need. */
export interface Tracked {
	/** Messages so far, in each direction. */
	readonly received: number;
	readonly sent: number;
	/** When the last one was, on the coarse clock. */
	readonly activeAt: number;
	/** Whether we ourselves keep the peer from being heard. */
	readonly isPaused: boolean;
	/** Who is told of what the books need to know. */
	observer: ConnectionObserver | undefined;
	close(code: number, reason: string): void;
	ping(payload?: Buffer): void;
}

/** What is told of an accepted connection. */
export interface ConnectionObserver {
	/** A ping was answered. */
	onPong(payload: Buffer): void;
	/** It has ended, for the reasons that the `close` event of the socket gives. */
	onEnded(code: number, reason: string): void;
}

/** Where a socket has its slot, whichever instance of this module has entered it. */
export const CONNECTION: unique symbol = Symbol.for('astro.websocket.connection');

/** A socket that leads to its slot. */
export interface BookedWebSocket extends AstroWebSocket {
	[CONNECTION]?: Slot;
}

/** What a handshake that is complete has brought. */
export interface Opened {
	readonly connection: Tracked;
	readonly socket: BookedWebSocket;
	readonly tags: readonly string[];
	readonly data: ConnectionData | undefined;
	/** The request of the handshake, if the site has a hook that is told of it. */
	readonly handshake?: (() => Request) | undefined;
}

/** Where a socket of the system has its slot. */
const SLOT: unique symbol = Symbol('slot');

type BookedSocket = Duplex & {
	[SLOT]?: Slot;
	/** Of `net.Socket`. */
	readonly bytesRead?: number;
	readonly bytesWritten?: number;
};

/** One connection in the books, from its handshake until its socket is closed. */
export class Slot implements Closer, ConnectionObserver, TableEntry<Slot> {
	nextCloser: Closer | undefined;
	place = 0;
	older: Slot | undefined;
	newer: Slot | undefined;
	/** Who is to close it: see {@link Connections.shutdown}. */
	scope: object;
	/** The client that it is counted for, if it is. */
	key: string | undefined;
	readonly number: number;
	/** On the clock of the process, in whole milliseconds. */
	readonly enteredAt: number;
	address = '';
	/** Set once the handshake is complete. */
	peer: AstroWebSocket | undefined;
	tags: readonly string[] = NO_TAGS;
	/** Where it is among those with each of its tags, and among those of its client. */
	placesOfTags: number[] = NO_PLACES;
	placeOfClient = 0;
	/** Never changed in place: what a site has given may be one object for all connections. */
	data: ConnectionData = NO_DATA;
	#handshake: (() => Request) | undefined;
	/** What is known of its health, once it was asked for. */
	health: Health | undefined;
	/** Whether the socket is closed, and whether the connection has told how. */
	hasLeft = false;
	hasEnded = false;
	readonly #books: Connections;
	readonly #socket: BookedSocket;
	#connection: Tracked | undefined;
	/** Told when the socket is closed. */
	#waiting: (() => void)[] | undefined;

	constructor(
		books: Connections,
		scope: object,
		socket: Duplex,
		{ number, enteredAt }: { readonly number: number; readonly enteredAt: number },
	) {
		this.#books = books;
		this.scope = scope;
		this.number = number;
		this.enteredAt = enteredAt;
		this.#socket = socket;
		this.#socket[SLOT] = this;
		whenClosed(socket, this);
	}

	/** That of a socket of the system, if it has one. */
	static of(socket: Duplex): Slot | undefined {
		return (socket as BookedSocket)[SLOT];
	}

	get id(): string {
		return this.#books.idOf(this);
	}

	/** What a report about this connection tells the `onError` hook. */
	get subject(): ReportSubject {
		const handshake = this.#handshake;
		return {
			socket: this.peer,
			get request() {
				return handshake?.();
			},
		};
	}

	/** When the last message was. */
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

	/** Whether it is one of a site's connections, or of a server's. */
	isOf(scope: object): boolean {
		return this.scope === scope || answeringServer(this.#socket) === scope;
	}

	/** When the socket is closed, whatever closed it. */
	get gone(): Promise<void> {
		if (this.#socket.closed) return Promise.resolve();
		return new Promise((resolve) => {
			this.#waiting ??= [];
			this.#waiting.push(resolve);
		});
	}

	/** The handshake is complete. */
	opened({ connection, socket, tags, data, handshake }: Opened): void {
		// Of a socket that is closed nobody would hear again.
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
		this.#books.opened(this);
	}

	/** Asks the client to close. One that is still opening will get its answer. */
	close(code: number, reason: string): void {
		this.#connection?.close(code, reason);
	}

	ping(payload: Buffer): void {
		this.#connection?.ping(payload);
	}

	terminate(): void {
		this.#socket.destroy();
	}

	onPong(payload: Buffer): void {
		this.#books.health.answered(this, payload);
	}

	onEnded(code: number, reason: string): void {
		this.#books.ended(this, code, reason);
	}

	onClose(): void {
		this.#books.leave(this);
		for (const tell of this.#waiting ?? []) tell();
	}
}

const NO_TAGS: readonly string[] = [];
const NO_DATA: ConnectionData = Object.freeze({});
/** Nothing is written into it: there are no tags. */
const NO_PLACES: number[] = [];
