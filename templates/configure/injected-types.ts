/** The name of the declaration file in the site's `.astro` folder. */
export const INJECTED_TYPES_FILENAME: string = 'websocket.d.ts';

/**
 * The declaration file that types `App.Locals` without any set-up by the site. It has no import or
 * export, so that it is a script and its namespace merges with Astro's.
 */
export function injectedTypes(packageName: string): string {
	const types = `import('${packageName}/websocket')`;
	// Declared as a method, so that it merges with a declaration of the site.
	return `declare namespace App {
	interface Locals {
		isUpgradeRequest: ${types}.WebSocketLocals['isUpgradeRequest'];
		upgradeWebSocket(options?: ${types}.UpgradeWebSocketOptions): ${types}.WebSocketUpgrade;
	}
}
`;
}
