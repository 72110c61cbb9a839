import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import type { UpgradeWebSocketOptions, WebSocketUpgrade } from '../../locals/types.ts';
import {
	ALREADY_UPGRADED,
	CLIENT_LEFT,
	NOT_ACCEPTED,
	protocolNotOffered,
} from '../../socket/errors.ts';
import type { HandlerRuntime } from '../../socket/listeners.ts';
import type { Report } from '../../socket/report.ts';
import { SocketController } from '../../socket/socket-controller.ts';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import type { ConnectionData } from '../registry/connections/managed-connection.ts';
import { processRegistry } from '../registry/registry.ts';
import { acceptHandshake } from './accept.ts';
import { createAcceptResponse } from './accept-response.ts';
import type { UpgradeContext } from './context.ts';
import { offeredProtocols, siteOrigin, siteRequest, webSocketUrl } from './handshake.ts';
import { type InternalOptions, MAX_HEARTBEAT_INTERVAL, MIN_PAYLOAD } from './internal-options.ts';
import { selectProtocol } from './verify.ts';
import '../connection/printed-event.ts';

/** The settings of the host for an upgrade. */
export interface UpgradeSettings {
	readonly connection: ConnectionSettings;
	/** Reports an error in a handler to the operator of the site. */
	readonly report: Report;
}

const NO_TAGS: readonly string[] = [];

const RUNTIME: HandlerRuntime = {
	/** The base of `AsyncLocalStorage.snapshot()`, without its closures. */
	captureContext() {
		return new AsyncResource('WebSocketHandler');
	},
};

/** Connections with the same settings are watched together. */
const faster: WeakMap<ConnectionSettings, ConnectionSettings> = new WeakMap();

/** @param most The same for all calls. A site that switched pings off gets none. */
function withHeartbeat(settings: ConnectionSettings, most: number | undefined): ConnectionSettings {
	if (most === undefined || settings.heartbeatInterval <= most) return settings;
	const known = faster.get(settings) ?? { ...settings, heartbeatInterval: most };
	faster.set(settings, known);
	return known;
}

/** Those of {@link withPayload}. */
const roomier: WeakMap<ConnectionSettings, ConnectionSettings> = new WeakMap();

/** @param least The same for all calls. */
function withPayload(settings: ConnectionSettings, least: number | undefined): ConnectionSettings {
	if (least === undefined || settings.maxPayload >= least) return settings;
	const known = roomier.get(settings) ?? { ...settings, maxPayload: least };
	roomier.set(settings, known);
	return known;
}

/** A report that includes the request. */
function withRequest(report: Report, handshake: () => Request): Report {
	return (message, error, subject) =>
		report(message, error, {
			...subject,
			get request() {
				return handshake();
			},
		});
}

/** Only an object has keys. `setConnectionData()` would have to discard any other value. */
function checkedData(data: object | undefined): ConnectionData | undefined {
	if (data === undefined || (typeof data === 'object' && data !== null)) {
		return data as ConnectionData | undefined;
	}
	throw new TypeError(`\`data\` of \`upgradeWebSocket()\` must be an object, got: ${typeof data}`);
}

/** `locals.upgradeWebSocket()` for one upgrade request. */
export function upgradeWebSocket(
	request: IncomingMessage,
	context: UpgradeContext,
	settings: UpgradeSettings,
	options: UpgradeWebSocketOptions & InternalOptions = {},
): WebSocketUpgrade {
	if (context.prepared !== undefined) throw new Error(ALREADY_UPGRADED);
	const data = checkedData(options.data);
	const tags = options.tags === undefined ? NO_TAGS : [...options.tags];
	const connectionSettings = withPayload(
		withHeartbeat(
			processRegistry().configuration.effective(settings.connection),
			options[MAX_HEARTBEAT_INTERVAL],
		),
		options[MIN_PAYLOAD],
	);
	const offered = offeredProtocols(request);
	const protocol = options.protocol ?? selectProtocol(request, context, offered) ?? '';
	if (protocol !== '' && !offered.includes(protocol)) throw protocolNotOffered(protocol, offered);
	const response = createAcceptResponse(options.headers);
	// The request is kept for `onError` only: a reference keeps its memory for the whole connection.
	const hasErrorHook = context.admission?.hooks.onError !== undefined;
	const origin = siteOrigin(request, context);
	const handshake = hasErrorHook ? () => siteRequest(request, context) : undefined;
	const report =
		handshake === undefined ? settings.report : withRequest(settings.report, handshake);
	const controller = new SocketController({
		url: webSocketUrl(origin, context.path),
		protocol,
		maxHeldBytes: connectionSettings.maxPayload,
		runtime: RUNTIME,
		report,
	});

	const { socket } = controller;
	const fail = (reason: string): void => controller.fail(new Error(reason));
	let accepted = false;
	context.prepared = {
		accept(connection, headers) {
			accepted = true;
			const transport = acceptHandshake(request, connection, context.head, {
				settings: connectionSettings,
				protocol,
				headers,
				warn: settings.report,
			});
			if (transport === undefined) fail(connection.destroyed ? CLIENT_LEFT : NOT_ACCEPTED);
			else {
				context.admission?.opened({ connection: transport, socket, tags, data, handshake });
				controller.open(transport);
			}
		},
		abandon() {
			if (!accepted) fail(request.socket.writableEnded ? NOT_ACCEPTED : CLIENT_LEFT);
		},
	};
	// The client left before this call, so no event will call `abandon()`. Deferred, so that handlers
	// can be attached first.
	if (context.ended) setImmediate(context.prepared.abandon);
	return { socket, response };
}
