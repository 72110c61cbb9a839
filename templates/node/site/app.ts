import type { IncomingMessage, ServerResponse } from 'node:http';
import { NO_SUCH_PATH, SHUTTING_DOWN } from '../../handshake/refusal.ts';
import { getUpgradeContext } from '../handshake/context.ts';
import { isHandshake } from '../handshake/handshake.ts';
import { type HostApp, hostOf, loggerOf } from '../handshake/host.ts';
import { rejectForeignOrigin } from '../handshake/origin.ts';
import { refuse } from '../handshake/refuse.ts';
import { rejectUnverified } from '../handshake/verify.ts';
import { withLocals } from './locals.ts';

/** Upstream's `RequestHandler`. */
export type RequestHandler = (
	request: IncomingMessage,
	response: ServerResponse,
	next?: (error?: unknown) => void,
	locals?: object,
) => void | Promise<void>;

/** Gives every request that upstream's app handler renders the locals of `WebSocketLocals`. */
export function withWebSocketLocals(handler: RequestHandler, app: HostApp): RequestHandler {
	const host = hostOf(app);
	const { scope, options, hooks, report, isMatch } = host;
	const settings = { connection: options, report };
	let hasWarned = false;

	return async (request, response, next, locals) => {
		const context = getUpgradeContext(request);
		if (context !== undefined) {
			const { held } = context;
			if (held !== undefined) {
				if (!isMatch(request)) {
					if (next === undefined) refuse(response, NO_SUCH_PATH);
					else next();
					return;
				}
				if (!held.take() || !(await held.admit())) return;
			}
			context.origin = host.origin(request);
			if (rejectForeignOrigin(request, response, host, app.getAllowedDomains?.() ?? [])) return;
			context.admission?.claim(scope, await hooks());
			if (context.admission?.isClosing()) return refuse(response, SHUTTING_DOWN);
			if (await rejectUnverified(request, response, context, report)) return;
		} else if (!hasWarned && isHandshake(request)) {
			hasWarned = true;
			loggerOf(app).warn(
				'A WebSocket handshake arrived as an ordinary request. Call `attachWebSocket(server)`, exported beside `handler`, with the server that Astro runs in. If you do, another library takes all handshakes of the server: pass a `filter`.',
			);
		}
		await handler(request, response, next, withLocals(request, locals, settings));
	};
}
