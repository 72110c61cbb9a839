import type { ResolvedWebSocketOptions } from '../shared/options.ts';

/** The options that a connection lives by once it is accepted. */
export type ConnectionSettings = Pick<
	ResolvedWebSocketOptions,
	| 'maxPayload'
	| 'maxBufferedAmount'
	| 'overflow'
	| 'heartbeatInterval'
	| 'idleTimeout'
	| 'maxMessagesPerSecond'
	| 'perMessageDeflate'
>;
