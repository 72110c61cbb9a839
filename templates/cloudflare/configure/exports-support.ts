import { createRequire } from 'node:module';
import { OBJECT_CLASS } from '../realtime/base/names.ts';
import { OBJECT_EXPORT } from './worker-config.ts';

/**
 * Whether the Wrangler that builds the Worker, and the one that deploys it, read `exports`. An older
 * one ignores it with a warning, and the Worker would lack the class.
 *
 * @param root The root of the site, where its own Wrangler is installed.
 */
export function supportsExports(root: URL): boolean {
	const plugin = import.meta.resolve('@cloudflare/vite-plugin');
	return [plugin, new URL('package.json', root)].every(readsExports);
}

/** @param importer A module that imports Wrangler. */
function readsExports(importer: string | URL): boolean {
	let wrangler: object;
	try {
		wrangler = createRequire(importer)('wrangler');
	} catch {
		// Where the site has none, nothing tells which one will deploy it.
		return true;
	}
	return declaresByExports(wrangler);
}

/** @param wrangler The module. */
export function declaresByExports(wrangler: object): boolean {
	const read: unknown = Reflect.get(wrangler, 'unstable_getDurableObjectClassNameToUseSQLiteMap');
	if (typeof read !== 'function') return false;
	const classes: unknown = read([], { [OBJECT_CLASS]: OBJECT_EXPORT });
	return classes instanceof Map && classes.get(OBJECT_CLASS) === true;
}
