import type { Plugin } from 'vite';
import { relayHandshakes } from './relay.ts';

/** Makes `astro dev` and `astro preview` give clients the Worker's own answer to a handshake. */
export function relayPlugin(): Plugin {
	return {
		name: 'astro-cloudflare:websocket-relay',
		configureServer({ httpServer }) {
			// Absent in Vite's middleware mode.
			if (httpServer !== null) relayHandshakes(httpServer);
		},
		configurePreviewServer({ httpServer }) {
			relayHandshakes(httpServer);
		},
	};
}
