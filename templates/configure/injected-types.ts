/** The name of the declaration file in the site's `.astro` folder. */
export const INJECTED_TYPES_FILENAME: string = 'websocket.d.ts';

/**
 * The declaration file that types `App.Locals` in a site without any set-up. It has no import or
 * export of its own, so that it is a script and its namespace merges with Astro's.
 */
export function injectedTypes(packageName: string): string {
	const types = `import('${packageName}/websocket')`;
	// A method, so that it merges with one that a site declares by itself.
	return `declare namespace App {
	interface Locals {
		isUpgradeRequest: ${types}.WebSocketLocals['isUpgradeRequest'];
		upgradeWebSocket(options?: ${types}.UpgradeWebSocketOptions): ${types}.WebSocketUpgrade;
	}
}
`;
}
