import type {
	UpgradeWebSocketOptions,
	WebSocketLocals,
	WebSocketUpgrade,
} from '../../locals/types.ts';
import type { User } from '../../realtime/define/handling/user.ts';
import { LONGEST_FRAME, PROTOCOL, UNKNOWN_VERSION } from '../../realtime/protocol/constants.ts';
import { type Admission, joinError, NOT_JOINABLE } from '../../realtime/server/admission.ts';
import {
	type EndpointContext,
	type HandshakeOptions,
	readHandshake,
	refusePlain,
} from '../../realtime/server/handshake.ts';
import type { Hub } from '../../realtime/server/hub.ts';
import { HEARTBEAT_INTERVAL } from '../../realtime/server/limits.ts';
import { Mux } from '../../realtime/server/mux.ts';
import { PlainConnection } from '../../realtime/server/plain-connection.ts';
import { targetAt } from '../../realtime/server/targets.ts';
import type { AstroWebSocket } from '../../socket/types.ts';
import {
	type InternalOptions,
	MAX_HEARTBEAT_INTERVAL,
	MIN_PAYLOAD,
} from '../handshake/internal-options.ts';
import { drainWith } from './drain.ts';

/** The largest frame of a client in bytes: a character has three at most. */
const MAX_FRAME_BYTES = 3 * LONGEST_FRAME;

/** A connection behind a socket. */
interface Receiver {
	message(message: string | ArrayBuffer): void;
	closed(code: number): void;
}

/** Answers a request to the realtime endpoint. */
export async function answer(
	context: EndpointContext,
	hub: Hub,
	options: HandshakeOptions,
): Promise<Response> {
	const handshake = await readHandshake(context, hub.site, options);
	if (!('kind' in handshake)) return handshake;
	const locals = context.locals as WebSocketLocals;
	if (handshake.kind === 'unknown version') return refuseVersion(locals, handshake.protocol);
	const { user } = handshake;
	if (handshake.kind === 'protocol') {
		const upgrade = locals.upgradeWebSocket(connectionOptions(PROTOCOL));
		attach(upgrade.socket, (socket) => {
			const connection = new Mux(socket, hub, user);
			drainWith(socket, connection);
			return connection;
		});
		return upgrade.response;
	}
	let admission: Admission | undefined;
	try {
		admission = await hub.authorize(targetAt(hub.site, handshake.segments), user);
	} catch (error) {
		return refusePlain(joinError(error));
	}
	if (admission === undefined) return refusePlain(NOT_JOINABLE);
	return openPlain(locals, hub, user, admission);
}

function openPlain(
	locals: WebSocketLocals,
	hub: Hub,
	user: User | undefined,
	admission: Admission,
): Response {
	const { socket, response } = upgradePlain(locals, admission);
	attach(socket, (plain) => {
		const connection = new PlainConnection(plain, hub, user, admission);
		hub.host.waitUntil(connection.open());
		return connection;
	});
	socket.addEventListener('close', () => admission.cancel());
	return response;
}

/** Fails as the site's `selectProtocol` does. */
function upgradePlain(locals: WebSocketLocals, admission: Admission): WebSocketUpgrade {
	try {
		return locals.upgradeWebSocket(connectionOptions());
	} catch (error) {
		admission.cancel();
		throw error;
	}
}

/** @param protocol Undefined leaves the choice to the site's `selectProtocol`. */
function connectionOptions(protocol?: string): UpgradeWebSocketOptions & InternalOptions {
	return {
		// What is above the limits of the protocol has its own answer, and other channels go on.
		...(protocol !== undefined && { protocol, [MIN_PAYLOAD]: MAX_FRAME_BYTES }),
		[MAX_HEARTBEAT_INTERVAL]: HEARTBEAT_INTERVAL,
	};
}

/** Connects a socket to what serves it, once it is open. */
function attach(socket: AstroWebSocket, create: (socket: AstroWebSocket) => Receiver): void {
	socket.binaryType = 'arraybuffer';
	let receiver: Receiver | undefined;
	socket.addEventListener('open', () => {
		receiver = create(socket);
	});
	socket.addEventListener('message', ({ data }) => {
		// `binaryType` leaves out Blobs.
		if (!(data instanceof Blob)) receiver?.message(data);
	});
	socket.addEventListener('close', ({ code }) => receiver?.closed(code));
}

/** Tells the client why, which a refused handshake could not. */
function refuseVersion(locals: WebSocketLocals, protocol: string): Response {
	const { socket, response } = locals.upgradeWebSocket({ protocol });
	socket.close(UNKNOWN_VERSION, `This server speaks ${PROTOCOL}.`);
	return response;
}
