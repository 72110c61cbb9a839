import { defineConfig } from 'astro/config';
import node from 'zastro-websockets-node';
import { allowedOrigins } from './origins.mjs';

export default defineConfig({
	output: 'server',
	// The tests build the same site more than once.
	adapter: node({
		mode: process.env.ADAPTER_MODE === 'middleware' ? 'middleware' : 'standalone',
		websocket: {
			allowedOrigins,
			// The suite is a single client and connects more often than the limit allows.
			rateLimitMaxConnections: 0,
			...JSON.parse(process.env.WEBSOCKET ?? '{}'),
		},
		realtime: JSON.parse(process.env.REALTIME ?? '{}'),
	}),
	security: { allowedDomains: [{ hostname: 'shop.example.com', protocol: 'https' }] },
	// The error pages of the dev server offer the toolbar, and it writes to the home folder.
	devToolbar: { enabled: false },
	server: { host: '127.0.0.1' },
});
