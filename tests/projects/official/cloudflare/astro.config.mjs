import cloudflare from '@astrojs/cloudflare';
import { defineConfig } from 'astro/config';

export default defineConfig({
	output: 'server',
	// Several servers run at the same time, and only one can have the port of the inspector.
	adapter: cloudflare({ imageService: 'passthrough', inspectorPort: false }),
	devToolbar: { enabled: false },
	server: { host: '127.0.0.1' },
});
