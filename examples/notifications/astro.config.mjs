import { defineConfig, envField } from 'astro/config';
import node from 'zastro-websockets-node';

export default defineConfig({
	output: 'server',
	adapter: node({ mode: 'standalone' }),
	env: {
		schema: {
			CRON_SECRET: envField.string({ context: 'server', access: 'secret', optional: true }),
		},
	},
});
