import { defineConfig } from 'astro/config';
import cloudflare from 'zastro-websockets-cloudflare';
import { nextVersion } from './next-version.mjs';
import { allowedOrigins } from './origins.mjs';

export default defineConfig({
	output: 'server',
	adapter: cloudflare({
		// Several servers run at the same time, and only one can use the port.
		inspectorPort: false,
		// The site has no images, and Cloudflare's image service does not exist on this machine.
		imageService: 'passthrough',
		// The tests build the same site with other entrypoints.
		configPath: process.env.WRANGLER_CONFIG ?? 'wrangler.jsonc',
		websocket: {
			allowedOrigins,
			// In one case 500 handshakes wait for each other, on a busy machine for longer than 10 s.
			handshakeTimeout: 60_000,
			...JSON.parse(process.env.WEBSOCKET ?? '{}'),
		},
	}),
	// The error pages of the dev server offer the toolbar, and it writes to the home folder.
	devToolbar: { enabled: false },
	server: { host: '127.0.0.1' },
	vite: {
		plugins: process.env.NEXT_VERSION ? [nextVersion()] : [],
		// Vite restarts when it discovers a dependency late, and workerd may miss the restart.
		optimizeDeps: {
			include: [
				'astro/assets/services/noop',
				'astro/app/manifest',
				'zastro-websockets-cloudflare/websocket',
			],
		},
	},
});
