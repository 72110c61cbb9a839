import { defineConfig } from 'astro/config';
import cloudflare from 'zastro-websockets-cloudflare';

export default defineConfig({
	output: 'server',
	adapter: cloudflare({
		imageService: 'passthrough',
		platformProxy: { configPath: 'wrangler.jsonc', experimentalJsonConfig: true },
	}),
	devToolbar: { enabled: false },
	server: { host: '127.0.0.1' },
});
