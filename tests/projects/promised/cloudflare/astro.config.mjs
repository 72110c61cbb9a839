import { defineConfig } from 'astro/config';
import cloudflare from 'zastro-websockets-cloudflare';

export default defineConfig({
	output: 'server',
	adapter: cloudflare({
		// Several servers run on a machine at the same time, and only one can have the port.
		inspectorPort: false,
		imageService: 'passthrough',
	}),
	devToolbar: { enabled: false },
	server: { host: '127.0.0.1' },
	// What Vite finds only while it starts makes it start again, and workerd may miss that.
	vite: { optimizeDeps: { include: ['astro/assets/services/noop', 'astro/app/manifest'] } },
});
