import type { ResolvedWebSocketOptions } from '../../options/options.ts';

/** The options that apply to an accepted connection. */
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
