/** A site does not need this. Those that have it from the older page keep it. */
declare global {
	namespace App {
		interface Locals {
			isUpgradeRequest: boolean;
			upgradeWebSocket(): { socket: WebSocket; response: Response };
			// biome-ignore lint/suspicious/noExplicitAny: as the older page has it.
			runtime?: any;
		}
	}
}

export {};
