/** What `upgradeWebSocket()` says where there is nothing to upgrade. */
export const NOT_AN_UPGRADE_REQUEST =
	'The request must be an upgrade request to upgrade the connection to a WebSocket.';

/** What it says, and what is logged, of a route that is rendered while the site is built. */
export function prerendered(route: string, file = 'its file'): string {
	return `The route "${route}" is prerendered, so it cannot accept a WebSocket handshake. Export \`prerender = false\` from ${file}, or set \`output: 'server'\` in the configuration.`;
}

/** What a session says to changes that would be lost. */
export const SESSION_SAVED =
	'The session was saved when the WebSocket handshake was answered, so this change would be lost. Change the session before the response is returned, or keep the data in a store of your own.';

/** Of the second `upgradeWebSocket()` of one request: a handshake can be accepted only once. */
export const ALREADY_UPGRADED = 'upgradeWebSocket() was already called for this request.';

/** RFC 6455 section 4.2.2: the server may only choose a subprotocol that the client offered. */
export function protocolNotOffered(protocol: string, offered: readonly string[]): Error {
	const offer = offered.join(', ') || 'none';
	return new Error(
		`The client did not offer the WebSocket subprotocol "${protocol}". It offered: ${offer}.`,
	);
}

/** The cause in the `error` event of a socket whose handshake was answered with something else. */
export const NOT_ACCEPTED =
	'The WebSocket was not accepted: the response of upgradeWebSocket() was not sent.';

/** Of the use of a socket that another request has accepted, in a Worker. */
export const OTHER_REQUEST =
	'The WebSocket belongs to another request. Use a Durable Object to share it.';

/** The cause in the `error` event of a socket whose client left during the handshake. */
export const CLIENT_LEFT = 'The client left before the WebSocket was accepted.';

/** What streams fail with once nothing can be written any more. */
export function connectionClosed(): DOMException {
	return new DOMException('The WebSocket is closed.', 'InvalidStateError');
}

/** What streams fail with where the connection ended without a closing handshake. */
export function connectionLost(): DOMException {
	return new DOMException('The WebSocket connection was lost.', 'NetworkError');
}
