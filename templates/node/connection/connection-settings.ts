import type { ResolvedWebSocketOptions } from '../../options/options.ts';

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
