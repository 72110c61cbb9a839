/** The module created by `node/configure/realtime.ts`. */
declare module 'virtual:astro-websocket:realtime' {
	/** Whether the site runs in `astro dev`. */
	export const isDevelopment: boolean;
	/** The root of the project in `astro dev`, undefined in a built server. */
	export const scope: string | undefined;
	/** Whether the site's paths end with a slash. */
	export const hasTrailingSlash: boolean;
}

/** The module created by `realtime/configure`. */
declare module 'virtual:zastro-realtime/files' {
	export const files: import('../../realtime/define/site-file.ts').SiteModules['files'];
	export const middleware: import('../../realtime/define/site-file.ts').SiteModules['middleware'];
	export const version: string;
	/** What is wrong with the paths. A build refuses it. */
	export const problems: readonly import('../../realtime/define/problem.ts').Problem[];
}
