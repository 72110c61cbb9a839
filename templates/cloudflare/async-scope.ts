import type { AsyncScope } from '../shared/listeners.ts';

interface NodeCompatibility {
	readonly process?: {
		getBuiltinModule?(
			name: string,
		): { AsyncResource: new (type: string) => AsyncScope } | undefined;
	};
}

/** A Worker has the module where its compatibility flags say so, and cannot import it elsewhere. */
const { process }: NodeCompatibility = globalThis as NodeCompatibility;

const hooks = process?.getBuiltinModule?.('node:async_hooks');

/** Where there are no asynchronous contexts. */
const NONE: AsyncScope = {
	runInAsyncScope: (run, thisArg, ...args) => run.apply(thisArg, args),
};

/** The asynchronous context of the caller. */
export function captureContext(): AsyncScope {
	return hooks === undefined ? NONE : new hooks.AsyncResource('WebSocketHandler');
}
