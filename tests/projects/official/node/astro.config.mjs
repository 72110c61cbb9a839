import node from '@astrojs/node';
import { defineConfig } from 'astro/config';

export default defineConfig({
	output: 'server',
	adapter: node({ mode: 'standalone' }),
	devToolbar: { enabled: false },
	server: { host: '127.0.0.1' },
});
