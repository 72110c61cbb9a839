import type { Server } from 'node:http';
import { constants } from 'node:os';
import { getHost } from '../handshake/host.ts';
import { perProcess } from '../process/per-process.ts';
import { closing } from '../registry/connections/shutdown-options.ts';
import { shutdownConnections } from '../registry/shutdown.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

type EndingSignal = (typeof SIGNALS)[number];

/**
 * Milliseconds within which the process must exit after a shutdown. If the site still keeps it
 * alive then, the signal ends it. If the site listens for the signal itself, it gets the whole time
 * of a shutdown.
 */
const LAST_WAIT = 1000;

/** Milliseconds until a process that its own signal has not ended exits. */
const SIGNAL_WAIT = 100;

/** The result of upstream's standalone server. */
export interface StartedServer {
	readonly server: { readonly server: Server };
}

/**
 * Shuts the standalone server down on SIGTERM and SIGINT. New WebSockets are refused and open ones
 * get 1001. Then the server closes and the process exits. A second signal ends it at once.
 */
export function withSignals<Started extends StartedServer>(
	started: Started,
	handler: object,
): Started {
	const host = getHost(handler);
	if (host === undefined) return started;
	const { server } = started.server;
	// A process may have several servers, and exits after the last of them.
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
 * Ends the process as the signal does by default. The site's listeners have been called before, and
 * would prevent the default. The explicit exit is for the first process of a container, which
 * signals of its own do not end.
 */
function endProcess(signal: EndingSignal): void {
	process.removeAllListeners(signal);
	process.kill(process.pid, signal);
	// Deno gives the signal back to the system a moment later. Nothing of the site runs meanwhile.
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SIGNAL_WAIT);
	process.exit(128 + constants.signals[signal]);
}

/** Waits for pending requests, but not for idle keep-alive connections. */
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
