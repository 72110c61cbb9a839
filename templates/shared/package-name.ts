// biome-ignore lint/correctness/noNodejsModules: the integration runs where Astro is configured, which is in Node.
import { readFileSync } from 'node:fs';

/** The package that this module was built into. */
export function packageName(): string {
	const manifest: { name: string } = JSON.parse(textOf('package.json'));
	return manifest.name;
}

/** The official adapter that the package was made of. */
export function upstreamName(): string {
	const record: { upstream: { package: string } } = JSON.parse(textOf('upstream.json'));
	return record.upstream.package;
}

/** A file of the package. */
function textOf(file: string): string {
	return readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf-8');
}
