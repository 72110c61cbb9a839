/** In tests, this module is in place of `cloudflare/realtime/base/report`. */

import type * as original from '../realtime/base/report.ts';

type Report = (message: string, error?: unknown) => void;

const TAKER = Symbol.for('zastro-realtime.test-report');

/** Shared by the tests and the objects, which may have loaded this module on their own. */
const shared = globalThis as { [TAKER]?: Report | undefined };

/** @param taker Gets what objects report from now on. Undefined for the log of workerd. */
export function takeReports(taker: Report | undefined): void {
	shared[TAKER] = taker;
}

export function report(message: string, error?: unknown): void {
	const { [TAKER]: taker } = shared;
	if (taker !== undefined) taker(message, error);
	else if (error === undefined) console.error(message);
	else console.error(message, error);
}

export function log(message: string): void {
	console.info(message);
}

// Without one of its exports, what uses it would fail in tests alone.
void ({ log, report } satisfies typeof original);
