import type { Plugin } from 'vite';

/**
 * Provides a virtual module of constants.
 *
 * @param module The specifier of the module.
 * @param values What it exports, by name: JSON, or undefined.
 */
export function constantsPlugin(module: string, values: object): Plugin {
	const resolved = `\0${module}`;
	const content = Object.entries(values)
		.map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};\n`)
		.join('');
	return {
		name: module,
		resolveId: (id) => (id === module ? resolved : undefined),
		load: (id) => (id === resolved ? content : undefined),
	};
}
