import { statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Plugin, ResolvedConfig } from 'vite';
import { isHostAllowed } from './host-check.ts';
import { closeRelayed, type RelayOptions, relayHandshakes } from './relay.ts';

/**
 * Makes `astro dev` and `astro preview` pass the Worker's response to a handshake to the client.
 */
export function relayPlugin(): Plugin {
	return {
		name: 'astro-cloudflare:websocket-relay',
		configureServer: {
			// A restart sets up the next server while the previous one still runs. Cloudflare's plugin
			// then restarts the Worker.
			order: 'pre',
			async handler({ config, httpServer }) {
				// Absent in Vite's middleware mode.
				if (httpServer === null) return;
				await closeRelayed(config.root);
				// The Worker does not know these files before a build.
				const { base, publicDir, server } = config;
				relayHandshakes(httpServer, {
					...optionsOf(config),
					isAnswered: ({ headers, url = '/' }) =>
						!isHostAllowed(headers.host, server) || isFileIn(publicDir, base, url),
				});
			},
		},
		configurePreviewServer({ config, httpServer }) {
			relayHandshakes(httpServer, {
				...optionsOf(config),
				isAnswered: ({ headers }) => !isHostAllowed(headers.host, config.preview),
			});
		},
	};
}

function optionsOf({ root, logger }: ResolvedConfig): Omit<RelayOptions, 'isAnswered'> {
	return { root, report: (message) => logger.error(message) };
}

/** @param folder Empty if there is none. */
function isFileIn(folder: string, base: string, path: string): boolean {
	if (folder === '' || !path.startsWith(base)) return false;
	try {
		const { pathname } = new URL(path.slice(base.length), 'http://localhost/');
		// A parsed URL contains no `..`, but a segment may contain an encoded one.
		const file = join(folder, decodeURIComponent(pathname));
		return file.startsWith(join(folder, sep)) && statSync(file).isFile();
	} catch {
		return false;
	}
}
