import { packageName, upstreamName } from '../../configure/package-name.ts';

/**
 * The entry of a Worker. An entry of the official adapter is replaced by that of this package. A
 * site created with the official adapter has its entry in the Wrangler configuration.
 *
 * @param main The entry in the configuration.
 */
export function workerEntry(
	main: string | undefined,
	official: string = upstreamName(),
	own: string = packageName(),
): string | undefined {
	return main?.startsWith(`${official}/`) ? own + main.slice(official.length) : main;
}
