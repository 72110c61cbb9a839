import {
	type ConnectionOptions,
	type Connections,
	createConnection,
	type Opener,
} from './connection.ts';
import { type Client, type Connect, createCore } from './core.ts';
import type { PresencePart } from './presence.ts';
import type { Room } from './room.ts';

/** A client with what pages do without: a state of its own, and an end. */
export function createClosable<Channels>(
	options: ConnectionOptions & Opener,
	presence: PresencePart | undefined,
	connect: Connect = createConnection,
): Client<Channels> {
	let rooms!: ReadonlyMap<string, Room>;
	let connections!: Connections;
	let isClosed = false;
	const core = createCore<Channels>(options, presence, (given, all, inbox) => {
		rooms = all;
		connections = connect(given, all, (message) => {
			// Some may have come together with the one whose listener closed the client.
			if (!isClosed) inbox(message);
		});
		return connections;
	});
	return {
		...core,
		status: connections.status,
		close() {
			isClosed = true;
			for (const room of rooms.values()) {
				for (const participant of room.handles) participant.leave();
			}
			connections.close();
		},
	};
}
