import { defineConfig } from 'astro/config';
import node from 'zastro-websockets-node';

export default defineConfig({
	output: 'server',
	adapter: node({
		mode: 'middleware',
		websocket: { maxPayload: 1024, perMessageDeflate: true },
	}),
});
