import { defineConfig } from 'astro/config';
import cloudflare from 'zastro-websockets-cloudflare';
import { allowedOrigins } from './origins.mjs';

export default defineConfig({
	output: 'server',
	adapter: cloudflare({
		// The site has no images.
		imageService: 'passthrough',
		// The dev server takes its bindings from here.
		platformProxy: { configPath: 'wrangler.jsonc', experimentalJsonConfig: true },
		workerEntryPoint: JSON.parse(process.env.WORKER_ENTRY_POINT ?? 'null'),
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
});
