import type { WebSocketHandshake, WebSocketHooks } from '../../handshake/hooks.ts';
import { NOT_PASSED_ON } from '../../handshake/passed-headers.ts';
import type { UpgradeWebSocketOptions, WebSocketUpgrade } from '../../locals/types.ts';
import { ALREADY_UPGRADED, NOT_ACCEPTED, protocolNotOffered } from '../../socket/errors.ts';
import type { AsyncScope } from '../../socket/listeners.ts';
import type { Report } from '../../socket/report.ts';
import { SocketController } from '../../socket/socket-controller.ts';
import { Connection, type ConnectionLimits } from '../connection/connection.ts';
import type {
	PairConstructor,
	PlatformContext,
	PlatformSocket,
	Upgrading,
} from '../connection/platform.ts';

declare const WebSocketPair: PairConstructor;

interface NodeCompatibility {
	readonly process?: {
		getBuiltinModule?(
			name: string,
		): { readonly AsyncResource: new (type: string) => AsyncScope } | undefined;
	};
}

/**
 * Workers have this module only with certain compatibility flags. Without them, an import would
 * fail.
 */
const AsyncResource = (globalThis as NodeCompatibility).process?.getBuiltinModule?.(
	'node:async_hooks',
)?.AsyncResource;

/** The settings of an upgrade. */
export interface UpgradeSettings {
	readonly handshake: WebSocketHandshake;
	readonly limits: ConnectionLimits;
	readonly hooks: Pick<WebSocketHooks, 'selectProtocol'>;
	/** Reports an error in a handler to the operator of the site. */
	readonly report: Report;
	/** The context of the request. Work outside of `waitUntil()` ends when the client leaves. */
	readonly context: PlatformContext;
	readonly late: Promise<Response>;
}

/** One handshake, until its response is known. */
export class Upgrade {
	readonly #settings: UpgradeSettings;
	/** Resolves with the refusal if the site takes too long. */
	readonly late: Promise<Response>;
	/**
	 * The result of `upgradeWebSocket()`: the client's end of a pair, and the callback for the
	 * decision.
	 */
	#client: PlatformSocket | undefined;
	#onSettled: ((isAccepted: boolean) => void) | undefined;
	/** The selected subprotocol. */
	#protocol = '';
	#isSettled = false;

	constructor(settings: UpgradeSettings) {
		this.#settings = settings;
		this.late = settings.late;
	}

	/** `locals.upgradeWebSocket()`. */
	prepare(options: UpgradeWebSocketOptions = {}): WebSocketUpgrade {
		if (this.#client !== undefined) throw new Error(ALREADY_UPGRADED);
		const { handshake, limits, hooks, report, context } = this.#settings;
		const { request, protocols } = handshake;
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
			maxHeldBytes: limits.maxPayload,
			runtime: {
				captureContext() {
					return AsyncResource && new AsyncResource('WebSocketHandler');
				},
				waitUntil(work) {
					context.waitUntil(work);
				},
			},
			report: (message, error, subject) => report(message, error, { ...subject, request }),
		});
		this.#client = webSocket;
		this.#protocol = protocol;
		this.#onSettled = (isAccepted) => {
			if (isAccepted) controller.open(new Connection(server, limits));
			else controller.fail(new Error(NOT_ACCEPTED));
		};
		// A late call fails like a response that was not returned, once handlers are attached.
		if (this.#isSettled) queueMicrotask(() => this.#onSettled?.(false));
		const init = { status: 101, headers, webSocket };
		return { socket: controller.socket, response: new Response(null, init) };
	}

	/**
	 * Whether the response passes our socket to the client. If so, its headers are adapted to a 101.
	 */
	isAcceptedBy({ headers, webSocket }: Response & Upgrading): boolean {
		if (this.#client === undefined || webSocket !== this.#client) return false;
		for (const name of [...headers.keys()]) {
			if (NOT_PASSED_ON.test(name)) headers.delete(name);
		}
		if (this.#protocol !== '') headers.set('sec-websocket-protocol', this.#protocol);
		return true;
	}

	/** Called when the response is known: opens the socket, or fails it. */
	settle(isAccepted: boolean): void {
		if (this.#isSettled) return;
		this.#isSettled = true;
		this.#onSettled?.(isAccepted);
	}
}
