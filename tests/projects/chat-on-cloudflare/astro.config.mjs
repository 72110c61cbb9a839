import { defineConfig } from 'astro/config';
import cloudflare from 'zastro-websockets-cloudflare';

export default defineConfig({
	output: 'server',
	adapter: cloudflare({
		// Several servers run at the same time, and only one can use the port.
		inspectorPort: false,
		// Cloudflare's image service does not exist on this machine.
		imageService: 'passthrough',
	}),
	server: { host: '127.0.0.1' },
});
