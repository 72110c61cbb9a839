import type { Duplex } from 'node:stream';
import type { ReportSubject } from '../../socket/report.ts';
import type { AstroWebSocket } from '../../socket/types.ts';
import type { Connection, ConnectionObserver } from '../connection/connection.ts';
import { answeringServer } from '../http/answered.ts';
import { type Closer, whenClosed } from '../protocol/when-closed.ts';
import type { TableNode } from './entry-table.ts';
import type { ConnectionData, Traffic } from './managed-connection.ts';

/** The part of an accepted connection that its entry needs. */
export type TrackedConnection = Pick<
	Connection,
	'activeAt' | 'close' | 'isPaused' | 'observer' | 'ping' | 'received' | 'sent'
>;

/** What is known of a connection's health. */
export interface Health {
	/** Milliseconds that the last answered ping took. */
	roundTrip: number | undefined;
	/** Pings of the rotation in a row that were not answered. */
	missedPings: number;
	/** What the ping that is under way has to be answered with, 0 if there is none. */
	token: number;
	sentAt: number;
	/** Who waits for the answer: mostly nobody. */
	waiting: Waiting[] | undefined;
}

/** Told of the milliseconds until the answer, or that there is none. */
type Waiting = (roundTrip: number | undefined) => void;

/** Keeps entries, and is told what becomes of them. */
export interface EntryKeeper {
	idOf(entry: Entry): string;
	/** The handshake is complete. */
	opened(entry: Entry): void;
	/** A ping was answered. */
	answered(entry: Entry, payload: Buffer): void;
	/** The connection has told how it ended. */
	ended(entry: Entry, code: number, reason: string): void;
	/** The socket is closed. */
	leave(entry: Entry): void;
}

/** Where a socket has its entry, whichever instance of this module has entered it. */
export const CONNECTION: unique symbol = Symbol.for('astro.websocket.connection');

/** A socket that leads to its entry. */
export interface RegisteredWebSocket extends AstroWebSocket {
	[CONNECTION]?: Entry;
}

/** What a handshake that is complete has brought. */
export interface Opened {
	readonly connection: TrackedConnection;
	readonly socket: RegisteredWebSocket;
	readonly tags: readonly string[];
	readonly data: ConnectionData | undefined;
	/** The request of the handshake, if the site has a hook that is told of it. */
	readonly handshake?: (() => Request) | undefined;
}

/** Where a socket of the system has its entry. */
const ENTRY: unique symbol = Symbol('entry');

type RegisteredSocket = Duplex & {
	[ENTRY]?: Entry;
	/** Of `net.Socket`. */
	readonly bytesRead?: number;
	readonly bytesWritten?: number;
};

/** One connection in the registry, from its handshake until its socket is closed. */
export class Entry implements Closer, ConnectionObserver, TableNode<Entry> {
	nextCloser: Closer | undefined;
	place = 0;
	older: Entry | undefined;
	newer: Entry | undefined;
	/** Who is to close it: see `Registry.shutdown()`. */
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
	readonly #keeper: EntryKeeper;
	readonly #socket: RegisteredSocket;
	#connection: TrackedConnection | undefined;
	/** Told when the socket is closed. */
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

	/** That of a socket of the system, if it has one. */
	static of(socket: Duplex): Entry | undefined {
		return (socket as RegisteredSocket)[ENTRY];
	}

	get id(): string {
		return this.#keeper.idOf(this);
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
		this.#keeper.opened(this);
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

/** An entry that is open, with the socket that it has. */
export type OpenEntry = Entry & { readonly peer: AstroWebSocket };

const NO_TAGS: readonly string[] = [];
const NO_DATA: ConnectionData = Object.freeze({});
/** Nothing is written into it: there are no tags. */
const NO_PLACES: number[] = [];
