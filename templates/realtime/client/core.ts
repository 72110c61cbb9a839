import { listenUntil } from './abort.ts';
import { createChannels } from './channels.ts';
import { type Clock, systemClock } from './clock.ts';
import { type ConnectionSettings, createConnection, type Page } from './connection.ts';
import { createHandle, type HandleHost } from './handle.ts';
import type { Sending } from './participant.ts';
import { call } from './report.ts';
import { createRoom, type Room, type RoomParts, type Rooms } from './room.ts';
import type { Store } from './store.ts';
import type { ListenOptions, Status, UntypedChannels, UserSocket } from './types.ts';

/** What every client has, whatever opens its connections. */
export interface CoreOptions {
	/** The version of the site's channel files. A server of another one is told by the status. */
	readonly version?: string | undefined;
	/** Whether pages are rendered here. Nothing is connected then, and handles do nothing. */
	readonly isServer?: boolean | undefined;
	/** For tests. */
	readonly clock?: Clock | undefined;
	/** For tests: a number from 0 to 1. */
	readonly random?: (() => number) | undefined;
	/** For tests: the window. */
	readonly page?: Page | undefined;
}

export interface Client<Channels = UntypedChannels> {
	/** `channels.rooms({ room: 'lobby' }).join()` joins `src/realtime/rooms/[room].ts`. */
	readonly channels: Channels;
	readonly socket: UserSocket;
	/** The state of the connection. `closed` as long as nothing is joined. */
	readonly status: Store<Status>;
	/** Leaves all channels and closes the connection for good. */
	close(): void;
}

/**
 * Connects to the realtime channels of a site, when the first one is joined.
 *
 * @param opener Opens WebSockets.
 */
export function createCore<Channels = UntypedChannels>(
	opener: Pick<ConnectionSettings, 'open' | 'prepare'>,
	options: CoreOptions,
): Client<Channels> {
	const clock = options.clock ?? systemClock;
	const roomsByKey = new Map<string, Room>();
	const releases = new Map<Room, () => void>();
	const inbox = new Set<{ readonly listener: (message: unknown) => void }>();
	const unanswered = new Set<Sending>();
	const leavers = new Set<() => void>();
	let counter = 0;

	function each(callback: (room: Room) => void): void {
		for (const room of [...roomsByKey.values()]) callback(room);
	}

	const connection = createConnection(
		{
			...opener,
			version: options.version,
			clock,
			random: options.random ?? Math.random,
			page: options.page ?? (globalThis as Page),
		},
		{
			opened: () => each((room) => room.join()),
			forgotten: () => each((room) => room.forget()),
			lost: () => each((room) => room.lost()),
			ended: (error) => each((room) => room.end(error)),
			received(parts) {
				if (parts[0] === 'inbox') {
					for (const { listener } of [...inbox]) call(listener, parts[1]);
				} else roomOf(parts as RoomParts)?.receive(parts as RoomParts);
			},
		},
	);
	connection.status.listen(() => each((room) => room.tell()));
	const rooms: Rooms = {
		connection,
		clock,
		next: () => ++counter,
		byRef: new Map(),
		byChannel: new Map(),
	};

	/** Undefined for a join that has ended, and for frames of unknown types. */
	function roomOf([type, number]: RoomParts): Room | undefined {
		switch (type) {
			case 'joined':
			case 'refused':
			case 'left':
			case 'reply':
			case 'error':
				return rooms.byRef.get(number);
			default:
				return rooms.byChannel.get(number);
		}
	}

	function host(name: string, params: Readonly<Record<string, string>>): HandleHost {
		const key = JSON.stringify([name, Object.entries(params).sort()]);
		return {
			clock,
			unanswered,
			leavers,
			enter(participant) {
				if (options.isServer) return undefined;
				let room = roomsByKey.get(key);
				if (room === undefined) {
					room = createRoom(rooms, name, params);
					roomsByKey.set(key, room);
					releases.set(room, connection.retain());
				}
				room.add(participant);
				return room;
			},
			exit(participant, room) {
				if (!room.remove(participant)) return;
				roomsByKey.delete(key);
				releases.get(room)?.();
				releases.delete(room);
			},
		};
	}

	return {
		channels: createChannels((name, params) => ({
			join: (joinOptions = {}) => createHandle(host(name, params), joinOptions),
		})) as Channels,
		socket: {
			on(_event, listener, { signal }: ListenOptions = {}) {
				if (options.isServer) return () => {};
				const entry = { listener };
				inbox.add(entry);
				const release = connection.retain();
				return listenUntil(signal, () => {
					inbox.delete(entry);
					release();
				});
			},
		},
		status: connection.status,
		close() {
			for (const leave of [...leavers]) leave();
			connection.close();
		},
	};
}
