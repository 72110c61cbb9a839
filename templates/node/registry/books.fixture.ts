/** Connections for the tests of this folder: those of the books, with nothing below them. */

import { Duplex } from 'node:stream';
import { limitKey } from '../http/client-address.ts';
import type { Connections } from './connections.ts';
import type { ConnectionData, OpenSlot } from './managed-connection.ts';
import type { BookedWebSocket, ConnectionObserver, Opened, Slot, Tracked } from './slot.ts';

/** A stream that swallows what it is given. */
export function stream(): Duplex {
	return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
}

/** An accepted connection that writes down what is asked of it. */
export class FakeConnection implements Tracked {
	received = 0;
	sent = 0;
	activeAt: number = Number.NEGATIVE_INFINITY;
	isPaused = false;
	observer: ConnectionObserver | undefined;
	readonly pings: Buffer[] = [];
	readonly closes: [code: number, reason: string][] = [];

	ping(payload: Buffer = Buffer.alloc(0)): void {
		this.pings.push(payload);
	}

	/** Answers the last ping. */
	pong(): void {
		this.observer?.onPong(this.pings.at(-1) ?? Buffer.alloc(0));
	}

	close(code: number, reason: string): void {
		this.closes.push([code, reason]);
	}
}

/** A handshake that is complete. */
export function opened(
	over: Partial<Tracked> = {},
	{ tags = [], data }: { readonly tags?: readonly string[]; readonly data?: ConnectionData } = {},
): Opened {
	const socket = Object.assign(new EventTarget(), {
		url: 'ws://localhost/',
		protocol: '',
		bufferedAmount: 0,
	}) as BookedWebSocket;
	return { connection: Object.assign(new FakeConnection(), over), socket, tags, data };
}

/** A connection in the books, open, and what it is made of. */
export interface Booked {
	readonly slot: OpenSlot;
	readonly connection: FakeConnection;
	readonly socket: BookedWebSocket;
	readonly stream: Duplex;
	/** Ends it: the connection tells how, then its socket is closed. */
	end(code?: number): void;
}

/** Enters a connection into the books, and opens it. */
export function book(
	books: Connections,
	{
		tags = [],
		data,
		address,
		site = books,
	}: {
		readonly tags?: readonly string[];
		readonly data?: ConnectionData;
		/** The address of its client. */
		readonly address?: string;
		readonly site?: object;
	} = {},
): Booked {
	const wire = stream();
	const slot = books.enter(site, wire, Number.POSITIVE_INFINITY);
	if (slot === undefined) throw new Error('There is no end of room.');
	if (address !== undefined) {
		slot.address = address;
		books.count(limitKey(address), slot, Number.POSITIVE_INFINITY);
	}
	const connection = new FakeConnection();
	const { socket } = opened();
	slot.opened({ connection, socket, tags, data });
	return {
		slot: openSlot(slot),
		connection,
		socket,
		stream: wire,
		end(code = 1000) {
			slot.onEnded(code, '');
			wire.destroy();
			slot.onClose();
		},
	};
}

function openSlot(slot: Slot): OpenSlot {
	const { peer } = slot;
	if (peer === undefined) throw new Error('It is not open.');
	return Object.assign(slot, { peer });
}
