import type { AstroIntegration } from 'astro';
import { AstroError } from 'astro/errors';

type Setup = Pick<
	Parameters<NonNullable<AstroIntegration['hooks']['astro:config:setup']>>[0],
	'config' | 'updateConfig'
>;

/**
 * Makes an integration that is set up the site's adapter, wherever the configuration has it: `astro
 * add` writes what is not Astro's own among the `integrations`. There it runs like any other, but a
 * build asks `config.adapter` whether there is an adapter (astro/src/core/build/index.ts).
 *
 * @throws AstroError if the configuration has another adapter, or this one once more.
 */
export function takeAdapterPlace(
	{ name }: Pick<AstroIntegration, 'name'>,
	{ config, updateConfig }: Setup,
): void {
	const { adapter, integrations } = config;
	if (adapter !== undefined && adapter.name !== name) {
		throw new AstroError(
			`The site has the adapter "${adapter.name}", and "${name}" among its integrations.`,
			`Have \`adapter\` be that of "${name}" in its place, and take it out of \`integrations\`.`,
		);
	}
	// Astro has put the adapter among them.
	const [own, another] = integrations.filter((integration) => integration.name === name);
	if (another !== undefined) {
		throw new AstroError(
			`The configuration has "${name}" twice.`,
			'Keep the one that has your options, in `adapter`, and take the other out of `integrations`.',
		);
	}
	if (adapter === undefined && own !== undefined) updateConfig({ adapter: own });
}
