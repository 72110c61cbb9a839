/** What `astro dev` logs about channels that do not exist. Their clients are not told. */

import type { Site } from '../define/site.ts';

export function logUnknownName(
	site: Site | undefined,
	name: string,
	params: ReadonlyMap<string, string>,
): void {
	const given = JSON.stringify(Object.fromEntries(params));
	log(site, `${JSON.stringify(name)} with the parameters ${given}`);
}

export function logUnknownPath(site: Site | undefined, segments: readonly string[]): void {
	log(site, `at the path ${JSON.stringify(segments.join('/'))}`);
}

function log(site: Site | undefined, channel: string): void {
	if (!site?.runtime.isDevelopment) return;
	site.runtime.log(`A join is refused: \`src/realtime\` has no channel ${channel}.`);
}
