/** The error of `upgradeWebSocket()` in an ordinary request. */
export const NOT_AN_UPGRADE_REQUEST =
	'The request must be an upgrade request to upgrade the connection to a WebSocket.';

/** The error of `upgradeWebSocket()` in a prerendered route; a build logs it as a warning. */
export function prerendered(route: string, file = 'its file'): string {
	return `The route "${route}" is prerendered, so it cannot accept a WebSocket handshake. Export \`prerender = false\` from ${file}, or set \`output: 'server'\` in the configuration.`;
}

/** The error of a session for changes after it was saved. */
export const SESSION_SAVED =
	'The session was saved when the WebSocket handshake was answered, so this change would be lost. Change the session before the response is returned, or keep the data in a store of your own.';

/** The error of a second `upgradeWebSocket()` in one request: a handshake is accepted only once. */
export const ALREADY_UPGRADED = 'upgradeWebSocket() was already called for this request.';

/** RFC 6455 section 4.2.2: the server may only select a subprotocol offered by the client. */
export function protocolNotOffered(protocol: string, offered: readonly string[]): Error {
	const offer = offered.join(', ') || 'none';
	return new Error(
		`The client did not offer the WebSocket subprotocol "${protocol}". It offered: ${offer}.`,
	);
}

/** The cause in the `error` event of a socket if the site returned another response. */
export const NOT_ACCEPTED =
	'The WebSocket was not accepted: the response of upgradeWebSocket() was not sent.';

/** The error for using a socket outside the request that accepted it, in a Worker. */
export const OTHER_REQUEST =
	'The WebSocket belongs to another request. Use a Durable Object to share it.';

/** The cause in the `error` event of a socket if the client left during the handshake. */
export const CLIENT_LEFT = 'The client left before the WebSocket was accepted.';

/** The error of the streams of a closed socket. */
export function connectionClosed(): DOMException {
	return new DOMException('The WebSocket is closed.', 'InvalidStateError');
}

/** The error of the streams if the connection ended without a closing handshake. */
export function connectionLost(): DOMException {
	return new DOMException('The WebSocket connection was lost.', 'NetworkError');
}
