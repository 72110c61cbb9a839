/** A site does not need this declaration. Sites that have it from the older page may keep it. */
declare global {
	namespace App {
		interface Locals {
			isUpgradeRequest: boolean;
			upgradeWebSocket(): { socket: WebSocket; response: Response };
			// biome-ignore lint/suspicious/noExplicitAny: the older page has this type.
			runtime?: any;
		}
	}
}

export {};
