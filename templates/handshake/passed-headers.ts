/**
 * Headers that a 101 must not pass on from the response, in lower case: those of one hop and of a body
 * (RFC 9110 sections 7.6.1, 8.3 and 8.6), and those that the handshake itself writes.
 */
export const NOT_PASSED_ON: RegExp =
	/^(connection|content-(encoding|length|type)|keep-alive|proxy-connection|sec-websocket-.*|te|trailer|transfer-encoding|upgrade)$/;
