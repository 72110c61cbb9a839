/** The module created by `realtime/configure`. */
declare module 'virtual:zastro-realtime/files' {
	export const files: import('./reading/site-file.ts').SiteModules['files'];
	export const middleware: import('./reading/site-file.ts').SiteModules['middleware'];
	export const version: string;
	/** What is wrong with the paths. A build refuses it. */
	export const problems: readonly import('./reading/problem.ts').Problem[];
	/**
	 * Why there are no files, in `astro dev` on Cloudflare. Elsewhere the module fails if one of the
	 * files cannot be loaded.
	 */
	export const failure: unknown;
}
