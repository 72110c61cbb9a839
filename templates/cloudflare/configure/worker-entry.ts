import { packageName, upstreamName } from '../../configure/package-name.ts';

/**
 * The entry of a Worker, or the one of this package that takes its place: a site that the official
 * adapter was added to names that one's in its Wrangler configuration.
 *
 * @param main As the configuration has it.
 */
export function workerEntry(
	main: string | undefined,
	official: string = upstreamName(),
	own: string = packageName(),
): string | undefined {
	return main?.startsWith(`${official}/`) ? own + main.slice(official.length) : main;
}
