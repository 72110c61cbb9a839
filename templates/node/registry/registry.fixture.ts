/** Connections for tests: entries in the registry without a real connection. */

import { Duplex } from 'node:stream';
import type { ConnectionObserver } from '../connection/connection.ts';
import { limitKey } from '../http/client-address.ts';
import type { SharedMessage } from '../protocol/shared-message.ts';
import type {
	Entry,
	OpenEntry,
	Opened,
	RegisteredWebSocket,
	TrackedConnection,
} from './connections/entry.ts';
import type { ConnectionData } from './connections/managed-connection.ts';
import type { Registry } from './registry.ts';

/** A stream that discards its input. */
export function stream(): Duplex {
	return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
}

/** An accepted connection that records its calls. */
export class FakeConnection implements TrackedConnection {
	received = 0;
	sent = 0;
	activeAt: number = Number.NEGATIVE_INFINITY;
	isPaused = false;
	observer: ConnectionObserver | undefined;
	readonly pings: Buffer[] = [];
	readonly closes: [code: number, reason: string][] = [];

	readonly shared: SharedMessage[] = [];

	share(message: SharedMessage): void {
		this.shared.push(message);
	}

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

/** A completed handshake. */
export function opened(
	over: Partial<TrackedConnection> = {},
	{ tags = [], data }: { readonly tags?: readonly string[]; readonly data?: ConnectionData } = {},
): Opened {
	const socket = Object.assign(new EventTarget(), {
		url: 'ws://localhost/',
		protocol: '',
		bufferedAmount: 0,
	}) as RegisteredWebSocket;
	return { connection: Object.assign(new FakeConnection(), over), socket, tags, data };
}

/** An open connection in the registry with its parts. */
export interface Booked {
	readonly entry: OpenEntry;
	readonly connection: FakeConnection;
	readonly socket: RegisteredWebSocket;
	readonly stream: Duplex;
	/** Ends the connection, then closes its socket. */
	end(code?: number): void;
}

/** Adds a connection to the registry and opens it. */
export function book(
	registry: Registry,
	{
		tags = [],
		data,
		address,
		site = registry,
	}: {
		readonly tags?: readonly string[];
		readonly data?: ConnectionData;
		/** The client address. */
		readonly address?: string;
		readonly site?: object;
	} = {},
): Booked {
	const wire = stream();
	const entry = registry.enter(site, wire, Number.POSITIVE_INFINITY);
	if (entry === undefined) throw new Error('The registry is full.');
	if (address !== undefined) {
		entry.address = address;
		registry.count(limitKey(address), entry, Number.POSITIVE_INFINITY);
	}
	const connection = new FakeConnection();
	const { socket } = opened();
	entry.opened({ connection, socket, tags, data });
	return {
		entry: openEntry(entry),
		connection,
		socket,
		stream: wire,
		end(code = 1000) {
			entry.onEnded(code, '');
			wire.destroy();
			entry.onClose();
		},
	};
}

function openEntry(entry: Entry): OpenEntry {
	const { peer } = entry;
	if (peer === undefined) throw new Error('The connection is not open.');
	return Object.assign(entry, { peer });
}
