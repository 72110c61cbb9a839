import type { Clock } from './base/clock.ts';
import { failure } from './base/failure.ts';
import { createStore } from './base/store.ts';
import type { UntypedChannels } from './base/types.ts';
import { createChannels } from './channels.ts';
import { CLOSED } from './connection.ts';
import type { Client } from './core.ts';
import { createHandle } from './handle.ts';
import type { PresencePart } from './presence.ts';
import type { HandleRoom } from './room.ts';

/** Nothing is waited for. */
const STOPPED_CLOCK: Clock = { now: () => 0, after: () => () => {} };

/** A room where nothing arrives. */
const NOWHERE: HandleRoom = {
	presence: undefined,
	add: () => {},
	remove: () => {},
	send,
};

/** Fails for whoever waits for it. Where nobody does, it must not end the server. */
function send(): Promise<never> {
	const refusal = Promise.reject(
		failure('CLOSED', 'Nothing is sent where pages are rendered: publish with `zastro:realtime`.'),
	);
	refusal.catch(() => {});
	return refusal;
}

/**
 * The client where pages are rendered. Nothing is connected, and handles do nothing: their stores hold
 * the first values.
 *
 * @param presence Given if the site has channels with presence.
 */
export function createRenderedClient<Channels = UntypedChannels>(
	presence?: PresencePart,
): Client<Channels> {
	return {
		channels: createChannels(() => ({
			join: (options = {}) =>
				Object.assign(
					createHandle({ clock: STOPPED_CLOCK, presence }, () => NOWHERE, options),
					{ send },
				),
		})) as Channels,
		socket: { on: () => () => {} },
		status: createStore(CLOSED),
		close() {},
	};
}
