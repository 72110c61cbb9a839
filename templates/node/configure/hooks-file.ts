import type { Plugin } from 'vite';

/** The module from which the built server imports the hooks. */
const HOOKS_MODULE = 'virtual:astro-websocket:hooks';

/**
 * Gives the built server the hooks: the adapter's options reach it as JSON, which functions do not
 * survive.
 *
 * @param file The path of the hooks file, `null` if there is none.
 */
export function hooksPlugin(file: string | null): Plugin {
	const resolved = `\0${HOOKS_MODULE}`;
	return {
		name: HOOKS_MODULE,
		resolveId: (id) => (id === HOOKS_MODULE ? resolved : undefined),
		load: (id) => (id === resolved ? hooksModule(file) : undefined),
	};
}

function hooksModule(file: string | null): string {
	return file === null
		? 'export const websocketHooks = {};'
		: `export * as websocketHooks from ${JSON.stringify(file)};`;
}
