import { defineChannel } from 'zastro:realtime';
import { shape } from '../../schema';

/** The channel that is compared with a room of Socket.IO. */
export default defineChannel({
	authorize: 'anyone',
	messages: {
		echo: { input: shape({ text: 'string' }), handler: (data) => data },
	},
	events: { said: shape({ text: 'string' }) },
	history: { size: 100, ttl: 300 },
});
