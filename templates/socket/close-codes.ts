/**
 * Status codes of closing frames (RFC 6455 section 7.4.1; 1012 from IANA's WebSocket Close Code
 * Number Registry).
 */

export const NORMAL_CLOSURE = 1000;

/** The server goes away, or lets go of a connection that is not used. */
export const GOING_AWAY = 1001;

/** The peer does not keep to the protocol. */
export const PROTOCOL_ERROR = 1002;

/** The close frame had no code. Never sent. */
export const NO_STATUS = 1005;

/** The connection was lost without a close frame. Never sent. */
export const ABNORMAL_CLOSURE = 1006;

/** A text is not UTF-8. */
export const INVALID_PAYLOAD = 1007;

/** The peer broke a rule of the server's own. */
export const POLICY_VIOLATION = 1008;

export const MESSAGE_TOO_BIG = 1009;

/** The server met a condition that kept it from going on. */
export const INTERNAL_ERROR = 1011;

/** The server restarts: clients may come back, but not all at once. */
export const SERVICE_RESTART = 1012;
