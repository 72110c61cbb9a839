import type { Plugin, ResolvedConfig } from 'vite';
import { closeRelayed, type RelayOptions, relayHandshakes } from './relay.ts';

/** Makes `astro dev` and `astro preview` give clients the Worker's own answer to a handshake. */
export function relayPlugin(): Plugin {
	return {
		name: 'astro-cloudflare:websocket-relay',
		configureServer: {
			// A restart sets up the next server while the one before still runs. Cloudflare's plugin
			// then starts the Worker anew.
			order: 'pre',
			async handler({ config, httpServer }) {
				// Absent in Vite's middleware mode.
				if (httpServer === null) return;
				await closeRelayed(config.root);
				relayHandshakes(httpServer, optionsOf(config));
			},
		},
		configurePreviewServer({ config, httpServer }) {
			relayHandshakes(httpServer, optionsOf(config));
		},
	};
}

function optionsOf({ root, logger }: ResolvedConfig): RelayOptions {
	return { root, report: (message) => logger.error(message) };
}
