import { ALREADY_UPGRADED, NOT_ACCEPTED, protocolNotOffered } from '../shared/errors.ts';
import type { WebSocketHandshake, WebSocketHooks } from '../shared/hooks.ts';
import type { AsyncScope } from '../shared/listeners.ts';
import { NOT_PASSED_ON } from '../shared/passed-headers.ts';
import type { Report } from '../shared/report.ts';
import { SocketController } from '../shared/socket-controller.ts';
import type { UpgradeWebSocketOptions, WebSocketUpgrade } from '../shared/types.ts';
import { Connection, type ConnectionLimits } from './connection.ts';
import type { PairConstructor, PlatformSocket, Upgrading } from './platform.ts';

declare const WebSocketPair: PairConstructor;

interface NodeCompatibility {
	readonly process?: {
		getBuiltinModule?(
			name: string,
		): { readonly AsyncResource: new (type: string) => AsyncScope } | undefined;
	};
}

/** A Worker has the module where its compatibility flags say so, and cannot import it elsewhere. */
const AsyncResource = (globalThis as NodeCompatibility).process?.getBuiltinModule?.(
	'node:async_hooks',
)?.AsyncResource;

/** What an upgrade needs to know about the site it happens in. */
export interface UpgradeSettings {
	readonly limits: ConnectionLimits;
	readonly hooks: Pick<WebSocketHooks, 'selectProtocol'>;
	/** Tells whoever runs the site about an error in a handler. */
	readonly report: Report;
}

/** A handshake carries its upgrade from where it is admitted to where it is settled. */
export const UPGRADE: unique symbol = Symbol.for('astro.websocket.upgrade');

/** A request that may be a handshake. */
export interface UpgradeRequest extends Request {
	[UPGRADE]?: Upgrade;
}

/** One handshake, until its response has been decided on. */
export class Upgrade {
	readonly #handshake: WebSocketHandshake;
	readonly #settings: UpgradeSettings;
	/** What `upgradeWebSocket()` has made: the client's end of a pair, and what waits for the decision. */
	#client: PlatformSocket | undefined;
	#onSettled: ((isAccepted: boolean) => void) | undefined;
	/** The chosen subprotocol. */
	#protocol = '';
	#isSettled = false;

	constructor(handshake: WebSocketHandshake, settings: UpgradeSettings) {
		this.#handshake = handshake;
		this.#settings = settings;
	}

	/** `locals.upgradeWebSocket()`. */
	prepare(options: UpgradeWebSocketOptions = {}): WebSocketUpgrade {
		if (this.#client !== undefined) throw new Error(ALREADY_UPGRADED);
		const handshake = this.#handshake;
		const { request, protocols } = handshake;
		const { limits, hooks, report } = this.#settings;
		const chosen =
			options.protocol ?? (protocols[0] && hooks.selectProtocol?.(protocols, handshake));
		const protocol = chosen ?? '';
		if (protocol !== '' && !protocols.includes(protocol)) {
			throw protocolNotOffered(protocol, protocols);
		}
		const headers = new Headers(options.headers);
		const { 0: webSocket, 1: server } = new WebSocketPair();
		const controller = new SocketController({
			url: request.url.replace(/^http/, 'ws'),
			protocol,
			tags: [...(options.tags ?? [])],
			data: options.data,
			maxHeldBytes: limits.maxPayload,
			captureContext() {
				return AsyncResource && new AsyncResource('WebSocketHandler');
			},
			report,
		});
		this.#client = webSocket;
		this.#protocol = protocol;
		this.#onSettled = (isAccepted) => {
			if (isAccepted) controller.open(new Connection(server, limits));
			else controller.fail(new Error(NOT_ACCEPTED));
		};
		// Whoever is late gets the same as one whose response was not returned, once handlers are there.
		if (this.#isSettled) queueMicrotask(() => this.#onSettled?.(false));
		const init = { status: 101, headers, webSocket };
		return { socket: controller.socket, response: new Response(null, init) };
	}

	/** Whether the response hands our socket to the client; if so, it is made to fit. */
	isAcceptedBy({ headers, webSocket }: Response & Upgrading): boolean {
		if (this.#client === undefined || webSocket !== this.#client) return false;
		for (const name of [...headers.keys()]) {
			if (NOT_PASSED_ON.test(name)) headers.delete(name);
		}
		if (this.#protocol !== '') headers.set('sec-websocket-protocol', this.#protocol);
		return true;
	}

	/** The response has been decided on: opens the socket, or tells it that it never will be open. */
	settle(isAccepted: boolean): void {
		if (this.#isSettled) return;
		this.#isSettled = true;
		this.#onSettled?.(isAccepted);
	}
}
