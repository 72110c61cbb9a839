import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RemotePattern } from '@astrojs/internal-helpers/remote';
import { getUpgradeContext } from './context.ts';
import { isHandshake } from './handshake.ts';
import { type BuiltOptions, type HostApp, hostOf } from './host.ts';
import { withLocals } from './locals.ts';
import { rejectForeignOrigin } from './origin.ts';
import { rejectUnverified } from './verify.ts';

/** Upstream's `RequestHandler`. */
export type RequestHandler = (
	request: IncomingMessage,
	response: ServerResponse,
	next?: (error?: unknown) => void,
	locals?: object,
) => void | Promise<void>;

/** The parts of Astro's app that are needed here. */
export interface WebSocketApp extends HostApp {
	getAllowedDomains?(): Partial<RemotePattern>[] | undefined;
}

/**
 * Gives every request that upstream's app handler renders the locals of `WebSocketLocals`.
 *
 * @param adapterOptions The adapter's, whose type in upstream's sources does not know `websocket`.
 */
export function withWebSocketLocals(
	handler: RequestHandler,
	app: WebSocketApp,
	adapterOptions: BuiltOptions,
): RequestHandler {
	const { scope, options, hooks, report } = hostOf(app, adapterOptions);
	const { allowedOrigins } = options;
	const settings = { connection: options, report };
	let hasWarned = false;

	return async (request, response, next, locals) => {
		const context = getUpgradeContext(request);
		if (context !== undefined) {
			const allowedDomains = app.getAllowedDomains?.() ?? [];
			if (rejectForeignOrigin(request, response, { allowedOrigins, allowedDomains })) return;
			context.admission?.claim(scope, await hooks());
			if (await rejectUnverified(request, response, context, report)) return;
		} else if (!hasWarned && isHandshake(request)) {
			hasWarned = true;
			app.adapterLogger.warn(
				'A WebSocket handshake arrived as an ordinary request. Call `attachWebSocket(server)`, exported beside `handler`, with the server that Astro runs in.',
			);
		}
		await handler(request, response, next, withLocals(request, locals, settings));
	};
}
