import type { Hub } from './hub.ts';

/** Ends connections whose sessions another process continues. For processes that share an engine. */
export function followTakeovers({ roster, sessions }: Hub): void {
	roster.watchTakeovers?.((secret) => {
		const connection = sessions.get(secret);
		sessions.delete(secret);
		connection?.takenOver();
	});
}
