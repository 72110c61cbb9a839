import { defineConfig } from 'astro/config';
import node from 'zastro-websockets-node';

export default defineConfig({
	output: 'server',
	adapter: node({ mode: 'standalone' }),
});
