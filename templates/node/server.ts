import type { IncomingMessage, ServerResponse } from 'node:http';
import { listenForUpgrades, type UpgradeServer } from './upgrade-listener.ts';

/**
 * Makes a server of your own answer WebSocket handshakes through its ordinary request handlers,
 * the built `handler` among them. For `mode: 'middleware'`; the standalone server does so by itself.
 *
 * Other `upgrade` listeners on the server keep what they take in the event itself. Calling this
 * again for the same server does nothing.
 *
 * ```js
 * import { attachWebSocket, handler } from './dist/server/entry.mjs';
 * const server = http.createServer(express().use(handler));
 * attachWebSocket(server);
 * ```
 */
export function attachWebSocket(server: UpgradeServer): void {
	listenForUpgrades(server, {
		dispatch(request: IncomingMessage, response: ServerResponse): void {
			if (server.emit('request', request, response)) return;
			response.writeHead(503);
			response.end();
		},
	});
}

/** {@link attachWebSocket} for the result of upstream's `createServer`. */
export function withUpgrade<Created extends { server: UpgradeServer }>(created: Created): Created {
	attachWebSocket(created.server);
	return created;
}
