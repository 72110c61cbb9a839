import type { Plugin } from 'vite';

/** The virtual module that provides the hooks to the built server. */
const HOOKS_MODULE = 'virtual:astro-websocket:hooks';

/**
 * Provides the hooks to the built server. The adapter's options reach it as JSON, without
 * functions.
 *
 * @param file The path of the hooks file, `null` if there is none.
 * @param start Code to run when the server starts.
 */
export function hooksPlugin(file: string | null, start = ''): Plugin {
	const resolved = `\0${HOOKS_MODULE}`;
	return {
		name: HOOKS_MODULE,
		resolveId: (id) => (id === HOOKS_MODULE ? resolved : undefined),
		load: (id) => (id === resolved ? hooksModule(file, start) : undefined),
	};
}

function hooksModule(file: string | null, start: string): string {
	const hooks =
		file === null
			? 'export const websocketHooks = {};'
			: `export * as websocketHooks from ${JSON.stringify(file)};`;
	return start + hooks;
}
