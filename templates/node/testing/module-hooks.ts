// Not by its name: a Node.js without it would not load this module.
import module from 'node:module';
import { perProcess } from '../process/per-process.ts';
import { STANDINS } from './standins.ts';

/**
 * Lets Node import the modules of a site, from now on.
 *
 * @throws Error if this Node.js cannot.
 */
export function hookModules(): void {
	if (typeof module.registerHooks !== 'function') {
		throw new Error(
			`Node.js ${process.versions.node} cannot import channel files. Use Node.js 22.18 or newer, or run the tests with Vitest.`,
		);
	}
	perProcess('realtime-module-hooks', () =>
		module.registerHooks({
			resolve(specifier, context, next) {
				const url = STANDINS.get(specifier);
				return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
			},
		}),
	);
}
