import { defineConfig } from 'astro/config';
import cloudflare from 'zastro-websockets-cloudflare';

export default defineConfig({
	output: 'server',
	adapter: cloudflare({
		// Several servers run at the same time, and only one can use the port.
		inspectorPort: false,
		imageService: 'passthrough',
	}),
	devToolbar: { enabled: false },
	server: { host: '127.0.0.1' },
	// Vite restarts when it discovers a dependency late, and workerd may miss the restart.
	vite: { optimizeDeps: { include: ['astro/assets/services/noop', 'astro/app/manifest'] } },
});
