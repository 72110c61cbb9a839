import type { AstroIntegration } from 'astro';
import { AstroError } from 'astro/errors';

type SetupHook = NonNullable<AstroIntegration['hooks']['astro:config:setup']>;

/** A configuration. Tests of integrations may pass only these parts. */
interface Setup {
	readonly config: Partial<Pick<Parameters<SetupHook>[0]['config'], 'adapter' | 'integrations'>>;
	updateConfig(config: { adapter: AstroIntegration }): unknown;
}

/**
 * Astro copies integrations and keeps only known members: the name, and the hooks as they are. A
 * marked hook therefore identifies our integration under any name.
 */
const PACKAGE: unique symbol = Symbol.for('astro.websocket.package');

/** Marks the setup hook of this package's adapter. */
export function setupOf(packageName: string, setup: SetupHook): SetupHook {
	return Object.assign(setup, { [PACKAGE]: packageName });
}

/**
 * Makes this integration the site's adapter, wherever it stands in the configuration. `astro add`
 * puts third-party adapters into `integrations`. There the hooks run as usual, but a build checks
 * `config.adapter` (astro/src/core/build/index.ts).
 *
 * The integration then takes the name of the official adapter in the configuration. Other
 * integrations look for that name to find out where the site will run. Astro's own messages show
 * the name of this package, which `setAdapter()` sets. Since Astro 5, so do `astro info` and the
 * log, which read the name earlier.
 *
 * @param packageName The name of the integration in the site's configuration.
 * @param upstreamName The name of the official adapter.
 * @throws AstroError if the configuration has another adapter, or this one twice.
 */
export function takeAdapterPlace(
	packageName: string,
	upstreamName: string,
	{ config, updateConfig }: Setup,
): void {
	const { adapter, integrations = [] } = config;
	const isOwn = ({ name, hooks }: AstroIntegration): boolean => {
		const setup: (SetupHook & { readonly [PACKAGE]?: string }) | undefined =
			hooks?.['astro:config:setup'];
		return name === packageName || setup?.[PACKAGE] === packageName;
	};
	if (adapter !== undefined && !isOwn(adapter)) {
		throw new AstroError(
			`The site has the adapter "${adapter.name}", but lists "${packageName}" in \`integrations\`.`,
			`Set \`adapter\` to that of "${packageName}" instead, and remove it from \`integrations\`.`,
		);
	}
	// Astro has added the adapter to them.
	const [own, another] = integrations.filter(isOwn);
	if (another !== undefined) {
		throw new AstroError(
			`The configuration has "${packageName}" twice.`,
			'Keep the one with your options as `adapter`, and remove the other from `integrations`.',
		);
	}
	if (adapter === undefined && own !== undefined) updateConfig({ adapter: own });
	for (const integration of [adapter, own]) {
		if (integration !== undefined) integration.name = upstreamName;
	}
}
