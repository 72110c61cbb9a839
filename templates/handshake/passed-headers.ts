/**
 * Response headers that a 101 must not forward, in lower case. These are hop-by-hop headers,
 * headers of a body (RFC 9110 sections 7.6.1, 8.3 and 8.6), and headers written by the handshake
 * itself.
 */
export const NOT_PASSED_ON: RegExp =
	/^(connection|content-(encoding|length|type)|keep-alive|proxy-connection|sec-websocket-.*|te|trailer|transfer-encoding|upgrade)$/;
