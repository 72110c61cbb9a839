import { ALREADY_UPGRADED, NOT_ACCEPTED, protocolNotOffered } from '../shared/errors.ts';
import { NOT_PASSED_ON } from '../shared/passed-headers.ts';
import type { Report } from '../shared/report.ts';
import { SocketController } from '../shared/socket-controller.ts';
import type { UpgradeWebSocketOptions, WebSocketUpgrade } from '../shared/types.ts';
import { captureContext } from './async-scope.ts';
import { Connection, type ConnectionLimits } from './connection.ts';
import { offeredProtocols, webSocketUrl } from './handshake.ts';
import { createPair, type PlatformSocket, switchingProtocols, webSocketOf } from './platform.ts';

/** What an upgrade needs to know about the site it happens in. */
export interface UpgradeSettings {
	readonly limits: ConnectionLimits;
	/** Chooses a subprotocol where the route leaves that open. */
	selectProtocol(offered: readonly string[]): string | undefined;
	/** Tells whoever runs the site about an error in a handler. */
	readonly report: Report;
}

/** One handshake, until its response has been decided on. */
export class Upgrade {
	readonly #request: Request;
	readonly #settings: UpgradeSettings;
	#pending: Pending | undefined;
	#isSettled = false;

	constructor(request: Request, settings: UpgradeSettings) {
		this.#request = request;
		this.#settings = settings;
	}

	/** `locals.upgradeWebSocket()`. */
	prepare(options: UpgradeWebSocketOptions = {}): WebSocketUpgrade {
		if (this.#pending !== undefined) throw new Error(ALREADY_UPGRADED);
		const { limits, report, selectProtocol } = this.#settings;
		const offered = offeredProtocols(this.#request);
		const chosen = options.protocol ?? (offered.length > 0 ? selectProtocol(offered) : undefined);
		const protocol = chosen ?? '';
		if (protocol !== '' && !offered.includes(protocol)) throw protocolNotOffered(protocol, offered);

		const headers = new Headers(options.headers);
		const { client, server } = createPair();
		const handle = new SocketController({
			url: webSocketUrl(this.#request),
			protocol,
			tags: [...(options.tags ?? [])],
			data: options.data,
			maxHeldBytes: limits.maxPayload,
			captureContext,
			report,
		});
		this.#pending = { client, server, protocol, handle };
		// Whoever is late gets the same as one whose response was not returned, once handlers are there.
		if (this.#isSettled) queueMicrotask(() => handle.fail(new Error(NOT_ACCEPTED)));
		return { socket: handle.socket, response: switchingProtocols(client, headers) };
	}

	/** Whether the response hands our socket to the client; if so, it is made to fit. */
	isAcceptedBy(response: Response): boolean {
		const pending = this.#pending;
		if (pending === undefined || webSocketOf(response) !== pending.client) return false;
		for (const name of NOT_PASSED_ON) response.headers.delete(name);
		if (pending.protocol !== '') response.headers.set('Sec-WebSocket-Protocol', pending.protocol);
		return true;
	}

	/** The response has been decided on: opens the socket, or tells it that it never will be open. */
	settle(isAccepted: boolean): void {
		if (this.#isSettled) return;
		this.#isSettled = true;
		const pending = this.#pending;
		if (!isAccepted) pending?.handle.fail(new Error(NOT_ACCEPTED));
		else pending?.handle.open(new Connection(pending.server, this.#settings.limits));
	}
}

/** What `upgradeWebSocket()` has made. */
interface Pending {
	readonly client: PlatformSocket;
	readonly server: PlatformSocket;
	/** The chosen subprotocol, or the empty string. */
	readonly protocol: string;
	readonly handle: SocketController;
}

/** A handshake carries its upgrade from where it is admitted to where it is settled. */
const UPGRADE: unique symbol = Symbol.for('astro.websocket.upgrade');

interface UpgradeRequest extends Request {
	[UPGRADE]?: Upgrade;
}

/** Makes `request` one that may be upgraded. */
export function setUpgrade(request: UpgradeRequest, upgrade: Upgrade): void {
	request[UPGRADE] = upgrade;
}

/** The upgrade of a handshake, `undefined` for an ordinary request. */
export function getUpgrade(request: UpgradeRequest): Upgrade | undefined {
	return request[UPGRADE];
}
