import type { AsyncScope, CaptureContext } from '../shared/listeners.ts';

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

/** The asynchronous context of the caller, where there are such. */
export const captureContext: CaptureContext = () =>
	hooks && new hooks.AsyncResource('WebSocketHandler');
