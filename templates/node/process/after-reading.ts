/**
 * Calls `judge` once everything that has arrived by now has been read.
 *
 * The event loop runs due timers before it reads sockets. After a stall of the process (SIGSTOP, a
 * suspended machine, a long computation) every timer is due, while the answers that it waits for
 * are still unread. A timer that ends something therefore has to read first.
 */
export function afterReading(judge: () => void): void {
	// Immediates run after the poll phase, in which Node reads.
	setImmediate(judge);
}
