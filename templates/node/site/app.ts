import type { IncomingMessage, ServerResponse } from 'node:http';
import { NO_SUCH_PATH } from '../../handshake/refusal.ts';
import { getUpgradeContext } from '../handshake/context.ts';
import { isLetThrough } from '../handshake/decide.ts';
import { isHandshake } from '../handshake/handshake.ts';
import { type HostApp, hostOf, loggerOf } from '../handshake/host.ts';
import { refuse } from '../handshake/refuse.ts';
import { withLocals } from './locals.ts';

/** Upstream's `RequestHandler`. */
export type RequestHandler = (
	request: IncomingMessage,
	response: ServerResponse,
	next?: (error?: unknown) => void,
	locals?: object,
) => void | Promise<void>;

/** Adds `WebSocketLocals` to every request rendered by upstream's app handler. */
export function withWebSocketLocals(handler: RequestHandler, app: HostApp): RequestHandler {
	const host = hostOf(app);
	const { options, report, isMatch } = host;
	const settings = { connection: options, report };
	let hasWarned = false;

	return async (request, response, next, locals) => {
		const context = getUpgradeContext(request);
		if (context !== undefined) {
			const { held } = context;
			if (held !== undefined && !isMatch(request)) {
				if (next === undefined) refuse(response, NO_SUCH_PATH);
				else next();
				return;
			}
			const isLetIn = await isLetThrough(host, {
				request,
				response,
				context,
				allowedDomains: app.getAllowedDomains?.() ?? [],
				admit: async () => held === undefined || (held.take() && (await held.admit())),
			});
			if (!isLetIn) return;
		} else if (!hasWarned && isHandshake(request)) {
			hasWarned = true;
			loggerOf(app).warn(
				'A WebSocket handshake arrived as an ordinary request. Call `attachWebSocket(server)`, exported next to `handler`, with your HTTP server. If you already do, another library takes every handshake of that server: pass a `filter`.',
			);
		}
		await handler(request, response, next, withLocals(request, locals, settings));
	};
}
