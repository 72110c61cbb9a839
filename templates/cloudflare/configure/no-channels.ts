import type { AstroConfig } from 'astro';
import { AstroError } from 'astro/errors';
import { hasRealtimeFiles, REALTIME_FOLDER } from '../../realtime/configure/files.ts';

/** The configuration of any Astro version. Tests of integrations may lack parts. */
type AnyConfig = Partial<Pick<AstroConfig, 'root' | 'srcDir'>>;

/**
 * Before Astro 6 the adapter neither bundles the Worker nor knows its configuration, so it cannot
 * add the Durable Object of channels.
 *
 * @throws AstroError if the site has channels.
 */
export function refuseChannels({ root, srcDir }: AnyConfig): void {
	if (root === undefined || srcDir === undefined || !hasRealtimeFiles({ root, srcDir })) return;
	throw new AstroError(
		`The site has realtime channels in \`src/${REALTIME_FOLDER}\`, which run on Cloudflare since Astro 6.`,
		'Upgrade Astro and the adapter, or rename the folder.',
	);
}
