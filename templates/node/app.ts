import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RemotePattern } from '@astrojs/internal-helpers/remote';
import { resolveWebSocketOptions } from '../shared/options.ts';
import { getUpgradeContext } from './context.ts';
import { isHandshake } from './handshake.ts';
import { withLocals } from './locals.ts';
import { rejectForeignOrigin } from './origin.ts';
import type { UpgradeSettings } from './upgrade.ts';

/** Upstream's `RequestHandler`. */
export type RequestHandler = (
	request: IncomingMessage,
	response: ServerResponse,
	next?: (error?: unknown) => void,
	locals?: object,
) => void | Promise<void>;

/** The parts of Astro's app that are needed here. */
export interface WebSocketApp {
	readonly adapterLogger: { warn(message: string): void; error(message: string): void };
	getAllowedDomains?(): Partial<RemotePattern>[] | undefined;
}

/**
 * Gives every request that upstream's app handler renders the locals of `WebSocketLocals`.
 *
 * @param options The adapter's, whose type in upstream's sources does not know `websocket`.
 */
export function withWebSocketLocals(
	handler: RequestHandler,
	app: WebSocketApp,
	options: object,
): RequestHandler {
	const websocket = resolveWebSocketOptions(options);
	const { allowedOrigins } = websocket;
	const settings: UpgradeSettings = {
		connection: websocket,
		report(message, error) {
			app.adapterLogger.error(message);
			if (error !== undefined) console.error(error);
		},
	};
	let hasWarned = false;

	return async (request, response, next, locals) => {
		if (getUpgradeContext(request) !== undefined) {
			const allowedDomains = app.getAllowedDomains?.() ?? [];
			if (rejectForeignOrigin(request, response, { allowedOrigins, allowedDomains })) return;
		} else if (!hasWarned && isHandshake(request)) {
			hasWarned = true;
			app.adapterLogger.warn(
				'A WebSocket handshake arrived as an ordinary request. Call `attachWebSocket(server)`, exported beside `handler`, with the server that Astro runs in.',
			);
		}
		await handler(request, response, next, withLocals(request, locals, settings));
	};
}
