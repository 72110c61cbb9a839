/**
 * One of its kind for all instances of a module: in `astro preview` one comes from `node_modules`
 * and one out of the built server, and every built server of a process brings one.
 */
export function perProcess<Kind extends object>(name: string, create: () => Kind): Kind {
	const key = Symbol.for(`astro.websocket.${name}`);
	const shared: Record<symbol, unknown> = globalThis as unknown as Record<symbol, unknown>;
	shared[key] ??= create();
	return shared[key] as Kind;
}
