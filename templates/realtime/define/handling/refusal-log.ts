/** What `astro dev` logs about joins that a channel refuses. Their clients are not told why. */

import type { Runtime } from '../api/runtime.ts';

export function logMissingUser(runtime: Runtime, file: string): void {
	log(runtime, file, '`authenticate` of a `_middleware.ts` gave no user');
}

export function logRefusal(
	runtime: Runtime,
	file: string,
	user: { readonly id: string } | undefined,
): void {
	const who = user === undefined ? 'a visitor' : `the user ${JSON.stringify(user.id)}`;
	log(runtime, file, `\`authorize\` refuses ${who}`);
}

function log(runtime: Runtime, file: string, reason: string): void {
	if (!runtime.isDevelopment) return;
	runtime.log(`A join of \`src/realtime/${file}\` is refused: ${reason}.`);
}
