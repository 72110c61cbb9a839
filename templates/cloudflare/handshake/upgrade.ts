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

/** A Worker has the module where its compatibility flags say so, and cannot import it elsewhere. */
const AsyncResource = (globalThis as NodeCompatibility).process?.getBuiltinModule?.(
	'node:async_hooks',
)?.AsyncResource;

/** What an upgrade needs to know. */
export interface UpgradeSettings {
	readonly handshake: WebSocketHandshake;
	readonly limits: ConnectionLimits;
	readonly hooks: Pick<WebSocketHooks, 'selectProtocol'>;
	/** Tells whoever runs the site about an error in a handler. */
	readonly report: Report;
	/** Of the request: work that it is not told of ends when the client leaves. */
	readonly context: PlatformContext;
	readonly late: Promise<Response>;
}

/** One handshake, until its response has been decided on. */
export class Upgrade {
	readonly #settings: UpgradeSettings;
	/** Resolves with what to answer instead if the site takes too long. */
	readonly late: Promise<Response>;
	/** What `upgradeWebSocket()` has made: the client's end of a pair, and what waits for the decision. */
	#client: PlatformSocket | undefined;
	#onSettled: ((isAccepted: boolean) => void) | undefined;
	/** The chosen subprotocol. */
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
