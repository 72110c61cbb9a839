/** The used part of what `@cloudflare/vitest-plugin` gives to tests. */
declare module 'cloudflare:test' {
	export const env: Readonly<Record<string, unknown>>;
	/** Ends the instance of an object that runs. */
	export function evictDurableObject(
		stub: object,
		options?: { readonly webSockets?: 'hibernate' | 'close' },
	): Promise<void>;
	/** The same for all objects that run. */
	export function evictAllDurableObjects(options?: {
		readonly webSockets?: 'hibernate' | 'close';
	}): Promise<void>;
	/** Ends all objects that run, whatever they do. */
	export function abortAllDurableObjects(): Promise<void>;
	/** The same, and deletes all data of all bindings. */
	export function reset(): Promise<void>;
	/** Runs a callback in an object. */
	export function runInDurableObject<Result>(
		stub: object,
		callback: (
			instance: unknown,
			state: import('../realtime/base/platform.ts').ObjectContext,
		) => Result | Promise<Result>,
	): Promise<Result>;
}

declare module 'cloudflare:workers' {
	/** What the Worker exports. */
	export const exports: { readonly default: { fetch(request: Request): Promise<Response> } };
}
