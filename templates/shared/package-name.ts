// biome-ignore lint/correctness/noNodejsModules: the integration runs where Astro is configured, which is in Node.
import { readFileSync } from 'node:fs';

/** The package that this module was built into. */
export function packageName(): string {
	const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf-8');
	const manifest: { name: string } = JSON.parse(text);
	return manifest.name;
}
