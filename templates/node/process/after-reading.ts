/**
 * Calls `judge` after all data received so far has been read.
 *
 * The event loop runs due timers before it reads sockets. After a stall of the process (SIGSTOP, a
 * suspended machine, a long computation) every timer is due while the awaited data is still unread.
 * A timer that ends a connection must therefore read first.
 */
export function afterReading(judge: () => void): void {
	// Immediates run after the poll phase, when Node reads.
	setImmediate(judge);
}
