import type { ClosingReport } from './manager-events.ts';
import { processRegistry } from './registry.ts';
import { closing, type ShutdownOptions } from './shutdown-options.ts';

/**
 * Ends the WebSocket connections of a site: handshakes get 503 from now on, clients are asked to
 * close, and what is left after the timeout is terminated.
 */
export async function shutdownConnections(
	scope: object,
	options: ShutdownOptions = {},
): Promise<ClosingReport> {
	return await processRegistry().shutdown(scope, closing(options));
}
