/**
 * The exports of the older package with this name, up to 12.6.12-11: `./websocket` and its parts.
 * The exports used by sites still work. The others throw an error that names the replacement. A
 * Worker contains this module only if the site imports it.
 */

import { CLOSED, CLOSING, CONNECTING, OPEN } from '../../socket/ready-state.ts';
import { ServerWebSocket } from '../../socket/socket.ts';
import type {
	AstroWebSocket,
	AstroWebSocketCloseEvent,
	AstroWebSocketErrorEvent,
} from '../../socket/types.ts';

export type * from '../../locals/types.ts';

export { broadcast } from './broadcast.ts';

/** A class that only the package can instantiate. */
export interface MadeByThePackage<Instance> {
	readonly prototype: Instance;
	new (...parts: readonly unknown[]): Instance;
}

/** @deprecated Use {@link AstroWebSocket}. */
export type WebSocket = AstroWebSocket;

/**
 * @deprecated For `instanceof` and the states only: `locals.upgradeWebSocket()` creates sockets.
 */
export const WebSocket: MadeByThePackage<AstroWebSocket> & {
	readonly CONNECTING: 0;
	readonly OPEN: 1;
	readonly CLOSING: 2;
	readonly CLOSED: 3;
} = Object.assign(
	madeByThePackage<AstroWebSocket>('WebSocket', (value) => value instanceof ServerWebSocket),
	{ CONNECTING, OPEN, CLOSING, CLOSED } as const,
);

/** @deprecated Use {@link AstroWebSocketCloseEvent}. */
export type CloseEvent = AstroWebSocketCloseEvent;

/** @deprecated For `instanceof` only. */
export const CloseEvent: MadeByThePackage<AstroWebSocketCloseEvent> = madeByThePackage(
	'CloseEvent',
	(value) => value instanceof Event && value.type === 'close',
);

/** @deprecated Use {@link AstroWebSocketErrorEvent}. */
export type ErrorEvent = AstroWebSocketErrorEvent;

/** @deprecated For `instanceof` only. */
export const ErrorEvent: MadeByThePackage<AstroWebSocketErrorEvent> = madeByThePackage(
	'ErrorEvent',
	(value) => value instanceof Event && value.type === 'error',
);

/** @deprecated Remove it: `locals` exist without middleware. */
export async function onRequest<Result>(_: unknown, next: () => Promise<Result>): Promise<Result> {
	return await next();
}

/** @deprecated Throws: the socket of `locals.upgradeWebSocket()` is already attached. */
export function attach(_socket: unknown, _platformSocket: unknown): void {
	throw gone('attach()', '`locals.upgradeWebSocket()`, whose socket is connected already');
}

/** @deprecated Throws: `handle` of the package's `./handler` answers handshakes. */
export function createWebSocketHandler(
	_app: unknown,
): (request: Request, env: unknown, context: unknown) => Promise<Response> {
	throw gone('createWebSocketHandler()', '`handle` of `zastro-websockets-cloudflare/handler`');
}

function madeByThePackage<Instance>(
	name: string,
	isInstance: (value: unknown) => boolean,
): MadeByThePackage<Instance> {
	function construct(): never {
		throw gone(
			`new ${name}()`,
			'`locals.upgradeWebSocket()`, which makes sockets and their events',
		);
	}
	Object.defineProperty(construct, Symbol.hasInstance, { value: isInstance });
	return construct as unknown as MadeByThePackage<Instance>;
}

function gone(name: string, instead: string): Error {
	return new Error(
		`${name} of zastro-websockets-cloudflare 12.6.12-11 and earlier is gone. Use ${instead}.`,
	);
}
