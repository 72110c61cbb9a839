import { systemClock } from './base/clock.ts';
import { createListeners } from './base/listeners.ts';
import type { Store } from './base/store.ts';
import type { ListenOptions, Status, UntypedChannels, UserSocket } from './base/types.ts';
import { createChannels } from './channels.ts';
import {
	type ConnectionOptions,
	type Connections,
	createConnection,
	type Opener,
} from './connection.ts';
import { createHandle } from './handle.ts';
import type { PresencePart } from './presence.ts';
import { createRoom, type Room, type Shared } from './room.ts';

/** What a page has. */
export interface PageClient<Channels = UntypedChannels> {
	/** `channels.rooms({ room: 'lobby' }).join()` joins `src/realtime/rooms/[room].ts`. */
	readonly channels: Channels;
	readonly socket: UserSocket;
}

export interface Client<Channels = UntypedChannels> extends PageClient<Channels> {
	/**
	 * The state of the connection. `closed` as long as nothing is joined. Of several connections it is
	 * the one that is the farthest from `open`.
	 */
	readonly status: Store<Status>;
	/** Leaves all channels and closes the connection for good. */
	close(): void;
}

/**
 * Decides which connection carries what. Nothing is opened before it is used.
 *
 * @param rooms The channels that the client is in, by their keys.
 * @param inbox Called with each message to the user.
 */
export type Connect = (
	options: ConnectionOptions & Opener,
	rooms: ReadonlyMap<string, Room>,
	inbox: (message: unknown) => void,
) => Connections;

/** Connects to the realtime channels of a site, when the first one is joined. */
export function createCore<Channels = UntypedChannels>(
	options: ConnectionOptions & Opener,
	presence: PresencePart | undefined,
	connect: Connect = createConnection,
): PageClient<Channels> {
	const { clock = systemClock } = options;
	const rooms = new Map<string, Room>();
	const inbox = createListeners<[message: unknown]>(() => connections.retain());
	const connections = connect(options, rooms, inbox.tell);
	let numbers = 0;
	const shared: Shared = {
		clock,
		presence,
		waiting: new Set(),
		next: () => ++numbers,
	};

	function find(name: string, params: Readonly<Record<string, string>>): Room {
		const key = JSON.stringify([name, Object.entries(params).sort()]);
		const connection = connections.of(key, name, params);
		let room = rooms.get(key);
		if (!room) {
			let release = (): void => {};
			room = createRoom(shared, connection, name, params, () => {
				rooms.delete(key);
				release();
			});
			// A listener of the status may join the channel while the connection opens.
			rooms.set(key, room);
			release = connection.retain();
		}
		return room;
	}

	return {
		channels: createChannels((name, params) => ({
			join: (options = {}) => createHandle(shared, () => find(name, params), options),
		})) as Channels,
		socket: {
			on: (_event, listener, options?: ListenOptions) => inbox.listen(listener, options?.signal),
		},
	};
}
