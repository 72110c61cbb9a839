import type { AstroIntegration } from 'astro';
import { AstroError } from 'astro/errors';

type SetupHook = NonNullable<AstroIntegration['hooks']['astro:config:setup']>;

/** A configuration, which tests of integrations make with no more than they need. */
interface Setup {
	readonly config: Partial<Pick<Parameters<SetupHook>[0]['config'], 'adapter' | 'integrations'>>;
	updateConfig(config: { adapter: AstroIntegration }): unknown;
}

/**
 * Astro copies integrations and keeps of one what it knows: its name, and its hooks as they are. So a
 * hook tells that an integration is ours, whatever it is called.
 */
const PACKAGE: unique symbol = Symbol.for('astro.websocket.package');

/** The setup hook of the adapter that this package is. */
export function setupOf(packageName: string, setup: SetupHook): SetupHook {
	return Object.assign(setup, { [PACKAGE]: packageName });
}

/**
 * Makes an integration that is set up the site's adapter, wherever the configuration has it: `astro
 * add` writes what is not Astro's own among the `integrations`. There it runs like any other, but a
 * build asks `config.adapter` whether there is an adapter (astro/src/core/build/index.ts).
 *
 * From then on it has the name of the official adapter in the configuration: other integrations ask
 * for that to find out where the site will run. Astro's own messages have the name of this package,
 * which `setAdapter()` gives. So have, since Astro 5, `astro info` and the log, which have taken it
 * before.
 *
 * @param packageName The name that the integration has in the configuration of the site.
 * @param upstreamName The name of the official adapter.
 * @throws AstroError if the configuration has another adapter, or this one once more.
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
			`The site has the adapter "${adapter.name}", and "${packageName}" among its integrations.`,
			`Have \`adapter\` be that of "${packageName}" in its place, and take it out of \`integrations\`.`,
		);
	}
	// Astro has put the adapter among them.
	const [own, another] = integrations.filter(isOwn);
	if (another !== undefined) {
		throw new AstroError(
			`The configuration has "${packageName}" twice.`,
			'Keep the one that has your options, in `adapter`, and take the other out of `integrations`.',
		);
	}
	if (adapter === undefined && own !== undefined) updateConfig({ adapter: own });
	for (const integration of [adapter, own]) {
		if (integration !== undefined) integration.name = upstreamName;
	}
}
