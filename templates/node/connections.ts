import type { Duplex } from 'node:stream';
import { HandshakeRate } from './handshake-rate.ts';
import { type Closer, whenClosed } from './when-closed.ts';

/** The part of an accepted connection that is needed to end it. */
export interface Closable {
	close(code: number, reason: string): void;
}

/** How connections are brought to an end. */
export interface ClosingOptions {
	/** Milliseconds until those that are still there are terminated. */
	readonly timeout: number;
	/** The close code that clients get. */
	readonly code: number;
	/** The reason that clients get. */
	readonly reason: string;
}

/** Where a socket has its slot. */
const SLOT: unique symbol = Symbol('slot');

type BookedSocket = Duplex & { [SLOT]?: Slot };

/** One connection in the books, from its handshake until its socket is closed. */
export class Slot implements Closer {
	nextCloser: Closer | undefined;
	/** Who is to close it: see {@link Connections.shutdown}. */
	scope: object;
	/** The client that it is counted for, if it is. */
	key: string | undefined;
	readonly #books: Connections;
	readonly #socket: BookedSocket;
	#connection: Closable | undefined;
	/** Told when the socket is closed. */
	#waiting: (() => void)[] | undefined;

	constructor(books: Connections, scope: object, socket: Duplex) {
		this.#books = books;
		this.scope = scope;
		this.#socket = socket;
		this.#socket[SLOT] = this;
		whenClosed(socket, this);
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
	opened(connection: Closable): void {
		this.#connection = connection;
	}

	/** Asks the client to close. One that is still opening will get its answer. */
	close(code: number, reason: string): void {
		this.#connection?.close(code, reason);
	}

	terminate(): void {
		this.#socket.destroy();
	}

	onClose(): void {
		this.#books.leave(this);
		for (const tell of this.#waiting ?? []) tell();
	}
}

/**
 * The books of a process: every connection that is open or opening.
 *
 * A slot is given back when its socket is closed and at no other time. All ways lead there, be it
 * a rejection, a reset, a handler that throws or a client that vanishes, and none leads there twice.
 */
export class Connections {
	readonly rate: HandshakeRate = new HandshakeRate();
	readonly #slots: Set<Slot> = new Set();
	readonly #counts: Map<string, number> = new Map();
	readonly #closing: WeakSet<object> = new WeakSet();

	get size(): number {
		return this.#slots.size;
	}

	/** The clients that have connections. */
	get clients(): number {
		return this.#counts.size;
	}

	/**
	 * Enters a connection, unless there are `most` already.
	 *
	 * @param socket One that is not closed yet.
	 */
	enter(scope: object, socket: Duplex, most: number): Slot | undefined {
		const present = (socket as BookedSocket)[SLOT];
		if (present !== undefined) return present;
		if (this.#slots.size >= most) return undefined;
		const slot = new Slot(this, scope, socket);
		this.#slots.add(slot);
		return slot;
	}

	/** Strikes a connection whose socket is closed off the books. */
	leave(slot: Slot): void {
		if (!this.#slots.delete(slot) || slot.key === undefined) return;
		const left = (this.#counts.get(slot.key) ?? 1) - 1;
		if (left === 0) this.#counts.delete(slot.key);
		else this.#counts.set(slot.key, left);
	}

	/** Counts a connection for a client, unless the client has `most` already. */
	count(key: string, slot: Slot, most: number): boolean {
		if (slot.key !== undefined) return true;
		const count = this.#counts.get(key) ?? 0;
		if (count >= most) return false;
		this.#counts.set(key, count + 1);
		slot.key = key;
		return true;
	}

	/** Whether new connections of this scope are to be refused. */
	isClosing(scope: object): boolean {
		return this.#closing.has(scope);
	}

	/** Lets new connections in again. */
	reopen(scope: object): void {
		this.#closing.delete(scope);
	}

	/** Refuses new connections of the scope from now on, and ends those that are there. */
	async shutdown(scope: object, options: ClosingOptions): Promise<void> {
		this.#closing.add(scope);
		await this.closeAll(scope, options);
	}

	/** Ends the connections that the scope has now. */
	async closeAll(scope: object, { timeout, code, reason }: ClosingOptions): Promise<void> {
		const slots = [...this.#slots].filter((slot) => slot.scope === scope);
		if (slots.length === 0) return;
		for (const slot of slots) slot.close(code, reason);
		let timer: NodeJS.Timeout | undefined;
		const grace = new Promise<void>((resolve) => {
			timer = setTimeout(resolve, timeout);
		});
		const gone = Promise.all(slots.map((slot) => slot.gone));
		await Promise.race([gone, grace]);
		clearTimeout(timer);
		for (const slot of slots) slot.terminate();
		await gone;
	}
}

/**
 * One for all instances of this module: in `astro preview` one comes from `node_modules` and one
 * out of the built server, and every built server of a process brings one.
 */
const CONNECTIONS: unique symbol = Symbol.for('astro.websocket.connections');

interface Shared {
	[CONNECTIONS]?: Connections;
}

/** The books of this process. */
export function connections(): Connections {
	const shared: typeof globalThis & Shared = globalThis;
	shared[CONNECTIONS] ??= new Connections();
	return shared[CONNECTIONS];
}
