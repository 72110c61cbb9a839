import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocketHooks } from '../../handshake/hooks.ts';
import {
	FAILED,
	type Refusal,
	SHUTTING_DOWN,
	TOO_MANY_CONNECTIONS,
	TOO_MANY_FROM_CLIENT,
	tooManyHandshakes,
} from '../../handshake/refusal.ts';
import type { ReportSubject } from '../../socket/report.ts';
import { answeringServer } from '../http/answered.ts';
import { clientAddress, limitKey } from '../http/client-address.ts';
import { afterReading } from '../process/after-reading.ts';
import type { Entry } from '../registry/connections/entry.ts';
import { processRegistry, type Registry } from '../registry/registry.ts';
import type { Admission, UpgradeContext } from './context.ts';
import { type Explanation, explainLimit } from './explanation.ts';
import { malformedUpgrade, subjectOf, webRequest } from './handshake.ts';
import type { Host } from './host.ts';
import { refuse } from './refuse.ts';

/**
 * Passes a handshake to the request handlers, or answers it. The checks are cheap and come first: a
 * client over its limits reaches no code of the site.
 */
export function admit(
	host: Host,
	request: IncomingMessage,
	response: ServerResponse,
	context: UpgradeContext,
	proceed: () => void,
): void {
	// If the client has left already, its socket may never emit `close` again.
	if (request.socket.destroyed) return;
	const { scope } = host;
	const registry = processRegistry();
	const options = registry.configuration.effective(host.options);
	let entry: Entry | undefined;
	response.once('close', () => {
		if (entry?.peer !== undefined) return;
		if (context.isLost) {
			// Another listener owns the connection.
			if (entry !== undefined) registry.leave(entry);
			return;
		}
		const hasAnswer = response.headersSent && response.statusCode !== 101;
		registry.metrics.rejected(context.rejection ?? (hasAnswer ? 'answered' : 'client-left'));
	});
	if (registry.isClosing(scope) || isServerClosing(request.socket)) {
		refuse(response, SHUTTING_DOWN);
		return;
	}
	const { maxConnections } = options;
	const malformed = malformedUpgrade(request);
	if (malformed !== undefined) {
		refuse(response, malformed);
		return;
	}
	const entered = registry.enter(scope, request.socket, maxConnections);
	if (entered === undefined) {
		const ip = clientAddress(request, host.proxies);
		const explanation = explainLimit(ip, 'maxConnections', options);
		refuse(response, TOO_MANY_CONNECTIONS, { host, explanation });
		registry.events.emit(
			'pool:full',
			() => [{ ip, limit: 'maxConnections', most: maxConnections }],
			subjectOf(request, context),
		);
		return;
	}
	entry = entered;
	limitTime(response, context, options.handshakeTimeout);

	identify(host, request, context.path).then(
		([hooks, address]) => {
			// The handshake timed out, or the client left.
			if (response.headersSent || request.socket.destroyed) return;
			entered.address = address;
			const exceeded = overLimit(registry, host, entered, subjectOf(request, context));
			if (exceeded !== undefined) {
				refuse(response, exceeded.refusal, { host, explanation: exceeded.explanation });
				return;
			}
			context.admission = admission(entered, request.socket, hooks, address);
			try {
				proceed();
			} catch (error) {
				fail('A request handler failed on a WebSocket handshake', error);
			}
		},
		(error) => fail('The WebSocket hooks failed on a handshake', error),
	);

	function fail(message: string, error: unknown): void {
		host.report(message, error, subjectOf(request, context));
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
	const own: unknown = await hooks.clientAddress(
		webRequest(request, host.origin(request), path),
		address,
	);
	if (typeof own !== 'string') {
		throw new TypeError(`The WebSocket hook \`clientAddress\` must return a string, got: ${own}`);
	}
	return [hooks, own];
}

interface Exceeded {
	readonly refusal: Refusal;
	readonly explanation: Explanation;
}

function overLimit(
	registry: Registry,
	host: Host,
	entry: Entry,
	subject: ReportSubject,
): Exceeded | undefined {
	const { address } = entry;
	// On a Unix socket all clients would count as one.
	if (address === '') return undefined;
	// The hooks file may have just been loaded, and have changed the options.
	const options = registry.configuration.effective(host.options);
	const { maxConnectionsPerIP, rateLimitMaxConnections, rateLimitWindow } = options;
	const key = limitKey(address);
	if (rateLimitMaxConnections > 0) {
		const tooSoon = registry.rate.count(key, rateLimitMaxConnections, rateLimitWindow);
		if (tooSoon !== undefined) {
			const limit = { most: rateLimitMaxConnections, window: rateLimitWindow };
			registry.events.emit(
				'ratelimit:exceeded',
				() => [address, tooSoon.attempts, { ip: address, ...tooSoon, ...limit }],
				subject,
			);
			return {
				refusal: tooManyHandshakes(tooSoon.retryAfter),
				explanation: explainLimit(address, 'rateLimitMaxConnections', options),
			};
		}
	}
	if (registry.count(key, entry, maxConnectionsPerIP)) return undefined;
	registry.events.emit(
		'pool:full',
		() => [{ ip: address, limit: 'maxConnectionsPerIP', most: maxConnectionsPerIP }],
		subject,
	);
	return {
		refusal: TOO_MANY_FROM_CLIENT,
		explanation: explainLimit(address, 'maxConnectionsPerIP', options),
	};
}

function admission(
	entry: Entry,
	socket: Duplex,
	hooks: WebSocketHooks,
	address: string,
): Admission {
	let current = hooks;
	return {
		clientAddress: address,
		get hooks() {
			return current;
		},
		async claim(scope, hooksOfScope) {
			if (entry.scope === scope) return;
			entry.scope = scope;
			current = await hooksOfScope();
		},
		isClosing: () => processRegistry().isClosing(entry.scope) || isServerClosing(socket),
		opened: (opened) => entry.opened(opened),
	};
}

/** Whether the server that received the connection was closed, and does not listen again. */
function isServerClosing(socket: Duplex): boolean {
	const server: { readonly listening?: boolean } | undefined = answeringServer(socket);
	return server !== undefined && server.listening !== true && processRegistry().isClosing(server);
}

function limitTime(response: ServerResponse, context: UpgradeContext, timeout: number): void {
	if (timeout === 0) return;
	const timer = setTimeout(() => afterReading(() => context.giveUp?.()), timeout);
	response.once('close', () => clearTimeout(timer));
}
