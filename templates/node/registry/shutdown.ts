import { closing, type ShutdownOptions } from './connections/shutdown-options.ts';
import { processRegistry } from './registry.ts';
import type { ClosingReport } from './upkeep/manager-events.ts';

/**
 * Ends the WebSocket connections of a site. From now on, handshakes get 503. Open connections are
 * closed, and those left after the timeout are terminated.
 */
export async function shutdownConnections(
	scope: object,
	options: ShutdownOptions = {},
): Promise<ClosingReport> {
	return await processRegistry().shutdown(scope, closing(options));
}
