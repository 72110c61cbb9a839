import type { Server } from 'node:http';
import { getHost } from './host.ts';
import { closing, shutdownConnections } from './shutdown.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Milliseconds in which the process ends by itself after a shutdown. If something of the site's
 * own still holds it then, the signal does what it would have done without us.
 */
const LAST_WAIT = 1000;

/** What upstream's standalone server returns. */
export interface StartedServer {
	readonly server: { readonly server: Server };
}

/**
 * Shuts the standalone server down on SIGTERM and SIGINT: no new WebSockets, those that are open
 * get 1001, then the server closes and the process ends by itself. A second signal ends it at once.
 */
export function withSignals<Started extends StartedServer>(
	started: Started,
	handler: object,
): Started {
	const host = getHost(handler);
	if (host === undefined) return started;
	const { server } = started.server;

	const onSignal = (signal: NodeJS.Signals): void => {
		stopListening();
		const { timeout } = closing();
		const deadline = performance.now() + timeout;
		shutdownConnections(host.scope)
			.then(() => closeServer(server, Math.max(0, deadline - performance.now())))
			.catch((error: unknown) => host.report('The shutdown failed', error))
			.finally(() => setTimeout(() => process.kill(process.pid, signal), LAST_WAIT).unref());
	};
	const stopListening = (): void => {
		for (const signal of SIGNALS) process.off(signal, onSignal);
	};
	for (const signal of SIGNALS) process.on(signal, onSignal);
	server.once('close', stopListening);
	return started;
}

/** Waits for the requests that are being answered, but not for connections that are kept alive. */
async function closeServer(server: Server, timeout: number): Promise<void> {
	await new Promise<void>((resolve) => {
		const timer = setTimeout(() => server.closeAllConnections(), timeout);
		server.close(() => {
			clearTimeout(timer);
			resolve();
		});
		server.closeIdleConnections();
	});
}
