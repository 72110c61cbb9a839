/** The module created by `node/configure/realtime.ts`. */
declare module 'virtual:astro-websocket:realtime' {
	/** Whether the site runs in `astro dev`. */
	export const isDevelopment: boolean;
	/** The root of the project in `astro dev`, undefined in a built server. */
	export const scope: string | undefined;
	/** Whether the site's paths end with a slash. */
	export const hasTrailingSlash: boolean;
	/** The options of the engine as JSON. */
	export const engineOptions: string;
}

/** The module created by `node/configure/realtime-engine.ts`. */
declare module 'virtual:astro-websocket:realtime-engine' {
	export function createEngine(
		services: import('./engine-services.ts').EngineServices,
	): import('../../realtime/user/engine.ts').Engine;
}
