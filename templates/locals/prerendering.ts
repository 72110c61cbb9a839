const KEY = Symbol.for('astro.websocket.prerendering');

/** The prerendered route whose code runs: an `AsyncLocalStorage`. */
interface Routes {
	run<Result>(route: string, render: () => Result): Result;
	getStore(): string | undefined;
}

/** One for all instances of this module: `astro dev` runs modules again after an edit. */
const shared: typeof globalThis & { [KEY]?: Routes } = globalThis;

/** Renders a prerendered route. */
export function prerender<Result>(route: string, render: () => Result): Result {
	// A site without channels has none.
	const routes = shared[KEY];
	return routes === undefined ? render() : routes.run(route, render);
}

/**
 * Keeps prerendered pages from the channels of a site that has them while it renders pages: in
 * `astro dev`, such a page would work as it never will in production.
 *
 * @param site The channels of the site.
 * @param create Creates an `AsyncLocalStorage`, which a Worker without channels may lack.
 * @returns the same, with an error in a prerendered page.
 */
export function notPrerendered<Site>(site: () => Site, create: () => Routes): () => Site {
	shared[KEY] ??= create();
	const routes = shared[KEY];
	return () => {
		const route = routes.getStore();
		if (route === undefined) return site();
		throw new Error(noChannels(`The route "${route}"`));
	};
}

/**
 * Says why a prerendered page has no channels, and what to do.
 *
 * @param page For example `The route "/chat"`.
 */
export function noChannels(page: string, file = 'its file'): string {
	return `${page} is prerendered, and there are no channels while a site is built. Export \`prerender = false\` from ${file} to use \`zastro:realtime\`, or use \`zastro:realtime/client\` in a script of the page.`;
}
