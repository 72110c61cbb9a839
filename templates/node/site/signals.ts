import type { Server } from 'node:http';
import { constants } from 'node:os';
import { getHost } from '../handshake/host.ts';
import { perProcess } from '../process/per-process.ts';
import { shutdownConnections } from '../registry/shutdown.ts';
import { closing } from '../registry/shutdown-options.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

type EndingSignal = (typeof SIGNALS)[number];

/**
 * Milliseconds in which the process ends by itself after a shutdown. If something of the site's
 * own still holds it then, the signal ends it. Listeners of the site's own for the signal get all the
 * time that a shutdown may take.
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
	// A process may have several servers, and ends after the last of them.
	const { shutdowns, listeners } = perProcess('signals', () => ({
		shutdowns: new Set<Promise<void>>(),
		listeners: new Set<unknown>(),
	}));
	let isShuttingDown = false;

	const onSignal = (signal: EndingSignal): void => {
		if (isShuttingDown) {
			endProcess(signal);
			return;
		}
		isShuttingDown = true;
		const { timeout } = closing();
		const deadline = performance.now() + timeout;
		const endLater = (milliseconds: number): void => {
			setTimeout(() => endProcess(signal), milliseconds).unref();
		};
		endLater(timeout + LAST_WAIT);
		shutdowns.add(
			shutdownConnections(host.scope)
				.then(() => closeServer(server, Math.max(0, deadline - performance.now())))
				.catch((error: unknown) => host.report('The shutdown failed', error)),
		);
		// The other servers get the same signal.
		queueMicrotask(() =>
			Promise.all(shutdowns).then(() => {
				if (process.listeners(signal).every((listener) => listeners.has(listener))) {
					endLater(LAST_WAIT);
				}
			}),
		);
	};
	listeners.add(onSignal);
	for (const signal of SIGNALS) process.on(signal, onSignal);
	server.once('close', () => {
		if (isShuttingDown) return;
		listeners.delete(onSignal);
		for (const signal of SIGNALS) process.off(signal, onSignal);
	});
	return started;
}

/**
 * Ends the process as the signal does by default. Listeners of the site's own have had it before, and
 * would keep it from doing so. The first process of a container is not ended by signals of its own.
 */
function endProcess(signal: EndingSignal): void {
	process.removeAllListeners(signal);
	process.kill(process.pid, signal);
	process.exit(128 + constants.signals[signal]);
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
