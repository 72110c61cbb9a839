import cloudflare from '@astrojs/cloudflare';
import { defineConfig } from 'astro/config';

export default defineConfig({
	output: 'server',
	// Several servers run at the same time, and only one can use the inspector port.
	adapter: cloudflare({ imageService: 'passthrough', inspectorPort: false }),
	devToolbar: { enabled: false },
	server: { host: '127.0.0.1' },
});
