import { readFileSync } from 'node:fs';

/** The package that this module was built into. */
export function packageName(): string {
	const manifest: { name: string } = JSON.parse(textOf('package.json'));
	return manifest.name;
}

/** The official adapter that the package was made of. */
export function upstreamName(): string {
	return record().upstream.package;
}

/**
 * The name that the integration begins with. In the end it has that of the official adapter, see
 * `takeAdapterPlace()`. Up to Astro 4 the adapter is set up last, and others have asked by then.
 */
export function initialName(): string {
	return Number.parseInt(record().astro.version, 10) < 5 ? upstreamName() : packageName();
}

/** What the package says it was made of. */
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
