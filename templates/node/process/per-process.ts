/**
 * A singleton for all instances of a module in the process. In `astro preview` one instance comes
 * from `node_modules`, one from the built server, and every further built server adds one.
 */
export function perProcess<Kind extends object>(name: string, create: () => Kind): Kind {
	const key = Symbol.for(`astro.websocket.${name}`);
	const shared: Record<symbol, unknown> = globalThis as unknown as Record<symbol, unknown>;
	shared[key] ??= create();
	return shared[key] as Kind;
}
