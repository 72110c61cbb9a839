/** In a package, the modules beside this one are JavaScript. */
const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

/** The URL of a module of this folder. */
export function moduleBeside(name: string): string {
	return new URL(`${name}${EXTENSION}`, import.meta.url).href;
}

/** The modules that are virtual in the build of a site, and those that stand for them in tests. */
export const STANDINS: ReadonlyMap<string, string> = new Map([
	['zastro:realtime', moduleBeside('server-module')],
	['zastro:realtime/client', moduleBeside('client-module')],
]);
