import { defineConfig } from 'astro/config';
import cloudflare from 'zastro-websockets-cloudflare';
import { allowedOrigins } from './origins.mjs';

export default defineConfig({
	output: 'server',
	adapter: cloudflare({
		// Several servers run at the same time, and only one can have the port.
		inspectorPort: false,
		// The site has no images, and Cloudflare's own service is not on this machine.
		imageService: 'passthrough',
		// The tests build the same site with other entrypoints.
		configPath: process.env.WRANGLER_CONFIG ?? 'wrangler.jsonc',
		websocket: {
			allowedOrigins,
			// In one case 500 handshakes wait until all are there, on a busy machine for longer than 10 s.
			handshakeTimeout: 60_000,
			...JSON.parse(process.env.WEBSOCKET ?? '{}'),
		},
	}),
	// The error pages of the dev server offer it, and it writes to the home folder.
	devToolbar: { enabled: false },
	server: { host: '127.0.0.1' },
	// What Vite finds only while it starts makes it start again, and workerd may miss that.
	vite: { optimizeDeps: { include: ['astro/assets/services/noop', 'astro/app/manifest'] } },
});
