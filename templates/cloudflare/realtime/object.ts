import { DurableObject } from 'cloudflare:workers';
import {
	isDevelopment,
	maxMessagesPerSecond,
	presenceCheck,
} from 'virtual:astro-cloudflare:realtime';
import { parts } from 'virtual:astro-cloudflare:realtime-parts';
import { TokenBucket } from '../../realtime/channel/token-bucket.ts';
import { PING, PONG } from '../../realtime/protocol/constants.ts';
import { ABNORMAL_CLOSURE } from '../../socket/close-codes.ts';
import type { PairConstructor, Upgrading } from '../connection/platform.ts';
import { acceptHeaders, readHandover } from './base/handover.ts';
import { answerCall, CALL_VERSION, type ObjectStub } from './base/object-calls.ts';
import type { ObjectContext, ObjectSocket } from './base/platform.ts';
import { report } from './base/report.ts';
import { closeQuietly } from './instance/object-socket.ts';
import { RealtimeObject } from './instance/realtime-object.ts';
import { modules } from './load-site.ts';
import { current, objectOf } from './worker-runtime.ts';

declare const WebSocketPair: PairConstructor;
declare const WebSocketRequestResponsePair: new (request: string, response: string) => object;

/** An object, as the runtime calls it. */
interface ObjectInstance extends ObjectStub {
	webSocketMessage(socket: ObjectSocket, message: string | ArrayBuffer): void;
	webSocketClose(socket: ObjectSocket, code: number, reason: string, wasClean: boolean): void;
	webSocketError(socket: ObjectSocket): void;
	alarm(): void;
}

class ZastroRealtime extends DurableObject implements ObjectInstance {
	readonly #context: ObjectContext;
	readonly #object: RealtimeObject;

	constructor(context: ObjectContext, env: object) {
		super(context, env);
		this.#context = context;
		this.#object = new RealtimeObject(context, {
			parts,
			modules,
			isDevelopment,
			presenceCheck,
			rate: (now) => new TokenBucket(maxMessagesPerSecond, maxMessagesPerSecond, now),
			current,
			objectOf,
		});
		context.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
		void context.blockConcurrencyWhile(() => this.#object.restore());
	}

	async fetch(request: Request): Promise<Response> {
		const handover = readHandover(request);
		// The Worker has another version.
		if (handover?.version !== CALL_VERSION) return new Response(null, { status: 503 });
		const { 0: webSocket, 1: server } = new WebSocketPair();
		const socket = server as unknown as ObjectSocket;
		this.#context.acceptWebSocket(socket);
		await this.#object.accept(socket, handover);
		const init: ResponseInit & Upgrading = {
			status: 101,
			headers: acceptHeaders(handover),
			webSocket,
		};
		return new Response(null, init);
	}

	webSocketMessage(socket: ObjectSocket, message: string | ArrayBuffer): void {
		this.#object.message(socket, message);
	}

	webSocketClose(socket: ObjectSocket, code: number, reason: string, wasClean: boolean): void {
		this.#object.closed(socket, wasClean ? code : ABNORMAL_CLOSURE);
		// Before compatibility date 2026-04-07 the client gets no close frame without this.
		closeQuietly(socket, code, reason);
	}

	webSocketError(socket: ObjectSocket): void {
		this.#object.closed(socket, ABNORMAL_CLOSURE);
	}

	alarm(): void {
		// The runtime would repeat an alarm that throws, but not a part of it.
		try {
			this.#object.rang();
		} catch (error) {
			report('The alarm of a realtime object failed', error);
			throw error;
		}
	}

	call(...given: Parameters<ObjectStub['call']>): ReturnType<ObjectStub['call']> {
		return answerCall(this.#object, ...given);
	}
}

/**
 * The class of all realtime objects. Only the Worker's binding reaches them. Sites export it from
 * their Worker, under this name for ever: a class that has objects cannot be renamed by a deploy.
 *
 * Its type does not name `DurableObject`: a site may have no types of Workers.
 */
const ObjectClass: new (context: ObjectContext, env: object) => ObjectInstance = ZastroRealtime;

export { ObjectClass as ZastroRealtime };
