/**
 * Status codes of close frames (RFC 6455 section 7.4.1; 1012 from IANA's WebSocket Close Code
 * Number Registry).
 */

export const NORMAL_CLOSURE = 1000;

/** The server shuts down, or closes an idle connection. */
export const GOING_AWAY = 1001;

/** The peer violated the protocol. */
export const PROTOCOL_ERROR = 1002;

/** The close frame had no code. Never sent. */
export const NO_STATUS = 1005;

/** The connection was lost without a close frame. Never sent. */
export const ABNORMAL_CLOSURE = 1006;

/** A text message is not valid UTF-8. */
export const INVALID_PAYLOAD = 1007;

/** The peer violated a policy of the server. */
export const POLICY_VIOLATION = 1008;

export const MESSAGE_TOO_BIG = 1009;

/** The server hit an unexpected error. */
export const INTERNAL_ERROR = 1011;

/** The server restarts. Clients may reconnect after a random delay. */
export const SERVICE_RESTART = 1012;
