import { defineConfig } from 'astro/config';
import node from 'zastro-websockets-node';

export default defineConfig({
	output: 'server',
	adapter: node({ mode: 'standalone', websocket: JSON.parse(process.env.WEBSOCKET ?? '{}') }),
	devToolbar: { enabled: false },
	server: { host: '127.0.0.1' },
});
