/** Marks errors of an outage, which the engine has reported already. */
const OUTAGE: unique symbol = Symbol.for('astro.websocket.outage');

/** Marks an error as one of an outage. */
export function ofOutage<Kind extends Error>(error: Kind): Kind {
	return Object.assign(error, { [OUTAGE]: true });
}

/** Whether an error is of an outage, which is reported once for all. */
export function isOutage(error: unknown): boolean {
	return typeof error === 'object' && error !== null && OUTAGE in error;
}
