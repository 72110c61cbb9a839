import { readFileSync } from 'node:fs';

/** The name of this package. */
export function packageName(): string {
	const manifest: { name: string } = JSON.parse(textOf('package.json'));
	return manifest.name;
}

/** The name of the official adapter that the package is built from. */
export function upstreamName(): string {
	return record().upstream.package;
}

/**
 * The initial name of the integration. `takeAdapterPlace()` later sets that of the official
 * adapter. Up to Astro 4 the adapter is set up last, after other integrations have read the name.
 */
export function initialName(): string {
	return Number.parseInt(record().astro.version, 10) < 5 ? upstreamName() : packageName();
}

/** The record of the package's origin. */
interface Origin {
	readonly astro: { readonly version: string };
	readonly upstream: { readonly package: string };
}

function record(): Origin {
	return JSON.parse(textOf('upstream.json'));
}

/** A file of the package. */
function textOf(file: string): string {
	return readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf-8');
}
