import type { UpgradeWebSocketOptions, WebSocketLocals } from '../../locals/types.ts';
import { checkUser, type User } from '../../realtime/define/user.ts';
import { PROTOCOL, UNKNOWN_VERSION } from '../../realtime/protocol/constants.ts';
import type { AstroWebSocket } from '../../socket/types.ts';
import { type InternalOptions, MAX_HEARTBEAT_INTERVAL } from '../handshake/internal-options.ts';
import type { Admission } from './admission.ts';
import { drainWith } from './drain.ts';
import { readOffer, withToken } from './handshake.ts';
import type { Hub } from './hub.ts';
import { HEARTBEAT_INTERVAL } from './limits.ts';
import { Mux } from './mux.ts';
import { PlainConnection } from './plain-connection.ts';
import { pathSegments } from './plain-path.ts';

/** The part of Astro's `APIContext` that is used here. */
export interface EndpointContext {
	readonly request: Request;
	readonly url: URL;
	readonly locals: object;
}

/** A connection behind a socket. */
interface Receiver {
	message(message: string | ArrayBuffer): void;
	closed(code: number): void;
	drain(milliseconds: number): void;
}

export interface AnswerOptions {
	/** Logs an error for the site's operator. */
	report(message: string, error?: unknown): void;
	/** Whether the site's paths end with a slash. */
	readonly hasTrailingSlash: boolean;
}

/** Answers a request to the realtime endpoint. */
export async function answer(
	context: EndpointContext,
	hub: Hub,
	{ report, hasTrailingSlash }: AnswerOptions,
): Promise<Response> {
	const locals = context.locals as WebSocketLocals;
	if (locals.isUpgradeRequest !== true) return noUpgrade();
	if (hub.site === undefined) {
		return text(
			503,
			'The channels are not loaded. If they have errors, the log of the server has them.',
		);
	}
	const { protocol, token } = readOffer(context.request.headers.get('sec-websocket-protocol'));
	if (token === null) return text(400, 'The subprotocol with the token is malformed.');
	if (protocol !== undefined && protocol !== PROTOCOL) return refuseVersion(locals, protocol);
	const segments =
		protocol === undefined ? pathSegments(context.url.pathname, hasTrailingSlash) : undefined;
	if (protocol === undefined && segments === undefined) {
		return text(
			400,
			`Name a channel in the path, or offer the subprotocol ${PROTOCOL}. Values in the path must not be empty, \`.\` or \`..\`, nor hold a slash.`,
		);
	}

	const authenticated = token === undefined ? context : withToken(context, token);
	let user: User | undefined;
	try {
		const given = await hub.site.authenticate?.(authenticated);
		if (isResponse(given)) return given;
		user = checkUser(given);
	} catch (error) {
		report('`authenticate` of `src/realtime/_middleware` failed', error);
		return text(500, 'The server failed.');
	}

	if (segments === undefined) {
		const upgrade = locals.upgradeWebSocket(connectionOptions(PROTOCOL));
		attach(upgrade.socket, (socket) => new Mux(socket, hub, user));
		return upgrade.response;
	}
	const admission = await hub.authorize(hub.findByPath(segments), user);
	if (admission === undefined)
		return text(404, 'There is no such channel, or you may not join it.');
	return openPlain(locals, hub, user, admission);
}

function openPlain(
	locals: WebSocketLocals,
	hub: Hub,
	user: User | undefined,
	admission: Admission,
): Response {
	const { socket, response } = locals.upgradeWebSocket(connectionOptions());
	attach(socket, (plain) => {
		const connection = new PlainConnection(plain, hub, user, admission);
		hub.host.waitUntil(connection.open());
		return connection;
	});
	socket.addEventListener('close', () => admission.cancel());
	return response;
}

/** @param protocol Undefined leaves the choice to the site's `selectProtocol`. */
function connectionOptions(protocol?: string): UpgradeWebSocketOptions & InternalOptions {
	return {
		...(protocol !== undefined && { protocol }),
		[MAX_HEARTBEAT_INTERVAL]: HEARTBEAT_INTERVAL,
	};
}

/** Connects a socket to what serves it, once it is open. */
function attach(socket: AstroWebSocket, create: (socket: AstroWebSocket) => Receiver): void {
	socket.binaryType = 'arraybuffer';
	let receiver: Receiver | undefined;
	socket.addEventListener('open', () => {
		receiver = create(socket);
		drainWith(socket, receiver);
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

/** RFC 9110 section 15.5.22. */
function noUpgrade(): Response {
	return text(426, 'This is the endpoint of realtime channels. Connect with a WebSocket.', {
		Connection: 'Upgrade',
		Upgrade: 'websocket',
	});
}

function text(status: number, message: string, headers: Record<string, string> = {}): Response {
	return new Response(`${message}\n`, {
		status,
		headers: {
			'Content-Type': 'text/plain; charset=utf-8',
			'Cache-Control': 'no-store',
			...headers,
		},
	});
}

/** Also a Response of another realm, as those of polyfills. */
function isResponse(value: unknown): value is Response {
	return value instanceof Response || Object.prototype.toString.call(value) === '[object Response]';
}
