/** The connections of a client where every channel is served on its own. */

import { INBOX_QUERY } from '../../protocol/channel-query.ts';
import { systemClock } from '../base/clock.ts';
import { PING_INTERVAL, PING_SPREAD } from '../base/limits.ts';
import { createStore } from '../base/store.ts';
import type { Status } from '../base/types.ts';
import { type Carried, CLOSED, type Connection, createConnection } from '../connection.ts';
import type { Connect } from '../core.ts';

/** The state of the client is the first of these that a connection has. */
const STATES: readonly Status['state'][] = ['waiting', 'connecting', 'open'];

/** The connection of a channel. */
interface ChannelConnection extends Connection {
	/** A handle came: a join that was refused is tried again, unless that waits for its time. */
	ask(): void;
}

/** A connection for each channel, and one for the messages to the user. */
export const perChannel: Connect = (options, rooms, inbox) => {
	const { clock = systemClock, random = Math.random, open } = options;
	const status = createStore(CLOSED);
	const connections = new Map<string, Connection>();
	const channels = new Map<string, ChannelConnection>();
	let isClosed = false;

	/** Tells the state of all. */
	function tell(): void {
		const all = [...connections.values()].map((connection) => connection.status.value);
		const [first = all[0] ?? CLOSED] = STATES.flatMap((state) =>
			all.filter((one) => one.state === state),
		);
		const isOutdated = all.some((one) => one.isOutdated);
		status.set(isOutdated && !first.isOutdated ? { ...first, isOutdated } : first);
	}

	/** One that the server stopped is kept, so that it stays stopped. */
	function forget(key: string): void {
		const { state, error } = connections.get(key)?.status.value ?? CLOSED;
		if (state === 'closed' && !error && !rooms.has(key)) {
			connections.delete(key);
			channels.delete(key);
		}
		tell();
	}

	function create(
		key: string,
		query: string,
		carried: Iterable<Carried>,
		inbox: (message: unknown) => void,
	): Connection {
		const connection = createConnection(
			{
				...options,
				open: (token) => open(token, query),
				interval: PING_INTERVAL - random() * PING_SPREAD,
			},
			{ values: () => carried },
			inbox,
		);
		connections.set(key, connection);
		connection.status.listen(() => forget(key));
		if (isClosed) connection.close();
		return connection;
	}

	function createOfChannel(key: string, query: string): ChannelConnection {
		/** Ends the use by the room, undefined while its join is refused. */
		let release: (() => void) | undefined;
		/** Set while the next attempt of a refused join waits. */
		let cancelRetry: (() => void) | undefined;

		function use(): void {
			cancelRetry = undefined;
			if (release) return;
			// A listener of the status may join the channel while the connection opens.
			release = nothing;
			release = connection.retain();
		}

		function endUse(): void {
			cancelRetry?.();
			cancelRetry = undefined;
			release?.();
			release = undefined;
		}

		/** The connection of a refused join carries nothing: it opens again with the next attempt. */
		function take([type]: readonly unknown[]): void {
			if (type !== 'refused' && type !== 'left') return;
			const [participant] = rooms.get(key)?.handles ?? [];
			const { state, retryAt } = participant?.status.value ?? CLOSED;
			if (state !== 'refused') return;
			endUse();
			connection.rest();
			// The room's own timer is older, so that it asks again on this connection.
			if (retryAt) cancelRetry = clock.after(retryAt - clock.now(), use);
		}

		const afterRoom = { ...NOTHING, take };
		const carried = {
			*[Symbol.iterator]() {
				yield rooms.get(key) ?? NOTHING;
				yield afterRoom;
			},
		};
		// A server for one connection sends messages to the user on all.
		const connection = create(key, query, carried, nothing);
		return {
			...connection,
			retain() {
				use();
				return () => {
					endUse();
					forget(key);
				};
			},
			ask() {
				if (!cancelRetry && rooms.has(key)) use();
			},
		};
	}

	return {
		status,
		of(key, name, params) {
			let connection = channels.get(key);
			if (!connection) {
				connection = createOfChannel(key, queryOf(name, params));
				channels.set(key, connection);
			}
			connection.ask();
			return connection;
		},
		// The query is the key as well, in place of a room's.
		retain: () =>
			(connections.get(INBOX_QUERY) ?? create(INBOX_QUERY, INBOX_QUERY, [], inbox)).retain(),
		close() {
			isClosed = true;
			for (const connection of connections.values()) connection.close();
		},
	};
};

const nothing = (): void => {};
const NOTHING: Carried = {
	join: nothing,
	forget: nothing,
	take: nothing,
	lost: nothing,
	end: nothing,
	tell: nothing,
};

/** As in the `join` frame, with the names of `channel-query`, whose constants would take more bytes. */
function queryOf(name: string, params: Readonly<Record<string, string>>): string {
	const query = new URLSearchParams({ channel: name });
	for (const param in params) query.set(`param.${param}`, params[param] as string);
	return query.toString();
}
