/** The module created by `site-plugin.ts`. */
declare module 'virtual:astro-cloudflare:websocket' {
	export const options: import('./site.ts').SiteOptions;
	export const hooks: object;
}
