import react from '@astrojs/react';
import solid from '@astrojs/solid-js';
import svelte from '@astrojs/svelte';
import vue from '@astrojs/vue';
import { defineConfig } from 'astro/config';
import node from 'zastro-websockets-node';

export default defineConfig({
	output: 'server',
	adapter: node({ mode: 'standalone' }),
	integrations: [
		react({ include: ['**/react/*'] }),
		solid({ include: ['**/solid/*'] }),
		svelte(),
		vue(),
	],
	devToolbar: { enabled: false },
});
