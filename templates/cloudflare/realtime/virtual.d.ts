/** The module created by `cloudflare/configure`. */
declare module 'virtual:astro-cloudflare:realtime' {
	/** Whether the site runs in `astro dev`. */
	export const isDevelopment: boolean;
	/** Whether the site's paths end with a slash. */
	export const hasTrailingSlash: boolean;
	/** Milliseconds between two looks at who is present. 0 for none. */
	export const presenceCheck: number;
	/** Messages of one connection. */
	export const maxMessagesPerSecond: number;
}

/** The same. */
declare module 'virtual:astro-cloudflare:realtime-parts' {
	/** The parts of channels that the site uses. */
	export const parts: import('../../realtime/define/read-definition.ts').DefinitionParts;
}

/** The used part of the Workers runtime. */
declare module 'cloudflare:workers' {
	export class DurableObject {
		constructor(context: import('./base/platform.ts').ObjectContext, env: object);
	}
	export const env: Readonly<Record<string, unknown>>;
	export function waitUntil(work: Promise<unknown>): void;
}
