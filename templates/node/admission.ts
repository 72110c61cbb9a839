import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WebSocketHooks } from '../shared/hooks.ts';
import {
	FAILED,
	type Refusal,
	SHUTTING_DOWN,
	TOO_MANY_CONNECTIONS,
	TOO_MANY_FROM_CLIENT,
	tooManyHandshakes,
} from '../shared/refusal.ts';
import { clientAddress, limitKey } from './client-address.ts';
import { connections, type Slot } from './connections.ts';
import type { Admission, UpgradeContext } from './context.ts';
import { webRequest } from './handshake.ts';
import type { Host } from './host.ts';
import { refuse } from './refuse.ts';

/**
 * Lets a handshake through to the request handlers, or answers it itself. What it costs to find
 * out is little, and comes first: a client that is over its limits reaches no code of the site.
 */
export function admit(
	host: Host,
	request: IncomingMessage,
	response: ServerResponse,
	context: UpgradeContext,
	proceed: () => void,
): void {
	// The socket of a client that has left already may never tell again that it is closed.
	if (request.socket.destroyed) return;
	const { scope, options } = host;
	const books = connections();
	if (books.isClosing(scope)) {
		refuse(response, SHUTTING_DOWN);
		return;
	}
	const slot = books.enter(scope, request.socket, options.maxConnections);
	if (slot === undefined) {
		refuse(response, TOO_MANY_CONNECTIONS);
		return;
	}
	limitTime(response, context, options.handshakeTimeout);

	identify(host, request, context.path).then(
		([hooks, address]) => {
			// Given up in the meantime, or left alone by its client.
			if (response.headersSent || request.socket.destroyed) return;
			const refusal = overLimit(host, slot, address);
			if (refusal !== undefined) {
				refuse(response, refusal);
				return;
			}
			context.admission = admission(slot, hooks, address);
			try {
				proceed();
			} catch (error) {
				fail('A request handler failed on a WebSocket handshake', error);
			}
		},
		(error) => fail('The WebSocket hooks failed on a handshake', error),
	);

	function fail(message: string, error: unknown): void {
		host.report(message, error);
		if (!response.headersSent && !request.socket.destroyed) refuse(response, FAILED);
	}
}

async function identify(
	host: Host,
	request: IncomingMessage,
	path: string,
): Promise<[hooks: WebSocketHooks, address: string]> {
	const hooks = await host.hooks();
	const address = clientAddress(request, host.proxies);
	if (hooks.clientAddress === undefined) return [hooks, address];
	const own: unknown = await hooks.clientAddress(webRequest(request, path), address);
	if (typeof own !== 'string') {
		throw new TypeError(`The WebSocket hook \`clientAddress\` must return a string, got: ${own}`);
	}
	return [hooks, own];
}

function overLimit(host: Host, slot: Slot, address: string): Refusal | undefined {
	// On a Unix socket every client would count as the same one.
	if (address === '') return undefined;
	const { maxConnectionsPerIP, rateLimitMaxConnections, rateLimitWindow } = host.options;
	const books = connections();
	const key = limitKey(address);
	if (rateLimitMaxConnections > 0) {
		const retryAfter = books.rate.count(key, rateLimitMaxConnections, rateLimitWindow);
		if (retryAfter > 0) return tooManyHandshakes(retryAfter);
	}
	return books.count(key, slot, maxConnectionsPerIP) ? undefined : TOO_MANY_FROM_CLIENT;
}

function admission(slot: Slot, hooks: WebSocketHooks, address: string): Admission {
	let current = hooks;
	return {
		clientAddress: address,
		get hooks() {
			return current;
		},
		claim(scope, ofScope) {
			slot.scope = scope;
			current = ofScope;
		},
		isClosing: () => connections().isClosing(slot.scope),
		opened: (connection) => slot.opened(connection),
	};
}

function limitTime(response: ServerResponse, context: UpgradeContext, timeout: number): void {
	if (timeout === 0) return;
	const timer = setTimeout(() => context.giveUp?.(), timeout);
	response.once('close', () => clearTimeout(timer));
}
