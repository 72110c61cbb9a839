/**
 * The used part of Durable Objects. It is declared here because the types of Workers conflict with
 * those of Node, where the tests of these modules run.
 */

import type { TokenBucket } from '../../../realtime/channel/token-bucket.ts';
import type { PlatformSocket } from '../../connection/platform.ts';
import type { ObjectStorage } from '../../engine/storage.ts';
import type { ObjectStub } from './object-calls.ts';

/** The server's end of a connection that goes on while its object sleeps. */
export interface ObjectSocket extends Pick<PlatformSocket, 'readyState' | 'send' | 'close'> {
	/** That of its messages, set by the object. */
	rate?: TokenBucket;
	/** Keeps a value of at most 16,384 bytes through a sleep. */
	serializeAttachment(value: unknown): void;
	deserializeAttachment(): unknown;
}

/** `DurableObjectState`. */
export interface ObjectContext {
	readonly id: { readonly name?: string | undefined; toString(): string };
	readonly storage: ObjectStorage;
	acceptWebSocket(socket: ObjectSocket): void;
	getWebSockets(): ObjectSocket[];
	setWebSocketAutoResponse(pair: object): void;
	/** When `ping` was answered last without waking the object. */
	getWebSocketAutoResponseTimestamp(socket: ObjectSocket): Date | null;
	/** Holds events back until the promise is settled. The object is reset if it rejects. */
	blockConcurrencyWhile<Result>(callback: () => Promise<Result>): Promise<Result>;
	waitUntil(work: Promise<unknown>): void;
}

/** `DurableObjectNamespace`. */
export interface ObjectNamespace {
	idFromName(name: string): object;
	get(id: object): ObjectStub;
}
